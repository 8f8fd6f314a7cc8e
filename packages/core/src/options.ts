import type { AcceptedEncoding } from "@countersign/raw-body";
import { memoryStore } from "./claim/memory-store.js";
import type { Store } from "./claim/store.js";
import { ConfigurationError } from "./errors.js";
import type { WebhookEvent } from "./event.js";
import type { NetworkOptions } from "./network/network.js";
import { consoleObserver, type Observer } from "./observe.js";
import type { Provider } from "./provider/define-provider.js";
import { seen } from "./seen.js";
import { LONGEST, replayWindowOf, type Tolerance, toTolerance } from "./timestamp.js";
import { kindOf, oneOf, unexpected } from "./unexpected.js";

/** What `createVerifier` takes. An option that is `undefined` is left out, except `allow`, where that throws. Durations are seconds. */
export interface VerifierOptions<E extends WebhookEvent = WebhookEvent> extends NetworkOptions {
  /** A configured preset, such as `stripe({ secret })`. */
  readonly provider: Provider<E>;
  /**
   * Names this receiver in the store: two receivers that share a store under one name swallow each other's events.
   * @default the provider's name; must be given with a durable store
   */
  readonly endpoint?: string | undefined;
  /** Bytes of a body. @default 5 MiB, or what the preset needs */
  readonly maxBytes?: number | undefined;
  /** Bytes of all bodies that are being read at once; beyond it, deliveries are answered 503. @default 64 MiB, or what one body needs */
  readonly maxBytesInFlight?: number | undefined;
  /** Until the whole body is there. @default 10 */
  readonly bodyTimeout?: number | undefined;
  /** Until the store has answered. @default 2 */
  readonly storeTimeout?: number | undefined;
  /** Until a resolver of secrets has answered. @default 2 */
  readonly secretTimeout?: number | undefined;
  /** How far a signed timestamp may lie in the past and in the future; `n` means `{ past: n, future: min(n, 300) }`. @default the preset's */
  readonly tolerance?: number | Tolerance | undefined;
  /** Whether content that may honestly recur is taken again, flagged in `event.repeats`, or refused. @default "accept" */
  readonly repeats?: "accept" | "refuse" | undefined;
  /** Remembers claims. @default memoryStore(), for one process */
  readonly store?: Store | undefined;
  /** How long a claim is held without renewal; at least 0.1. @default 30 */
  readonly lease?: number | undefined;
  /** How long a handler may run. @default 300, or what with a lease still fits inside the provider's last retry, if anything does */
  readonly handlerTimeout?: number | undefined;
  /** How long a handled event is remembered. @default 7 days, or 1.25 times the provider's retry horizon if that is more */
  readonly retention?: number | undefined;
  /** Encodings of a body to undo, such as `["gzip"]`, before its signature is checked. @default none */
  readonly contentEncodings?: readonly AcceptedEncoding[] | undefined;
  /** Is told of every delivery; `false` silences. @default warnings on the console */
  readonly observe?: Observer | false | undefined;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** The options, checked and with their defaults. Times are milliseconds. */
export interface Settled {
  readonly endpoint: string;
  readonly maxBytes: number;
  readonly maxBytesInFlight: number;
  /** Seconds, as raw-body and the key ring take it. */
  readonly bodyTimeout: number;
  readonly secretTimeout: number;
  readonly storeTimeout: number;
  readonly tolerance: Tolerance | undefined;
  readonly repeats: "accept" | "refuse";
  readonly store: Store;
  readonly lease: number;
  readonly handlerTimeout: number;
  readonly retention: number;
  /** How long a repeat's key is kept. */
  readonly repeatRetention: number;
  /** How long the provider sends again. */
  readonly horizon: number;
  readonly contentEncodings: readonly AcceptedEncoding[];
  readonly observe: Observer;
  /** What the observer looks at: a console hears of faults alone. */
  readonly observes: "everything" | "faults" | "nothing";
  readonly now: () => number;
}

const MIB = 1024 * 1024;
const DAY = 86_400;
/** What an unknown retry horizon counts as, in seconds. */
const UNKNOWN_HORIZON = 3 * DAY;

const KNOWN = new Set<string>([
  ...["provider", "endpoint", "https", "allow", "trustedProxies", "forwardedHeader", "maxBytes", "maxBytesInFlight"],
  ...["bodyTimeout", "storeTimeout", "secretTimeout", "tolerance", "repeats", "store", "lease", "handlerTimeout", "retention"],
  ...["contentEncodings", "observe", "now"],
]);

/**
 * Checks the options, once.
 * @throws ConfigurationError naming the option, what was seen and what is expected
 */
export function settleOptions(options: VerifierOptions): Settled {
  if (typeof options !== "object" || options === null) throw unexpected("createVerifier", kindOf(options), "an object of options");
  for (const option of Object.keys(options))
    if (!KNOWN.has(option)) throw new ConfigurationError(option, `no such option; known are ${[...KNOWN].join(", ")}`);
  const configured = options.provider?.["~configured"];
  if (configured === undefined) throw unexpected("provider", kindOf(options.provider), "a configured preset, such as stripe({ secret })");
  const { declaration, schemes } = configured.compiled;
  const store = readStore(options.store);
  const tolerance = options.tolerance === undefined ? undefined : toTolerance(options.tolerance, "tolerance");
  const judged = schemes.flatMap(({ timestamp }) => timestamp?.tolerance ?? []);
  if (tolerance !== undefined && judged.length === 0)
    throw new ConfigurationError("tolerance", `${declaration.name} signs no timestamp that it could judge; leave it out`);
  const windows = judged.map((declared) => tolerance ?? declared).map(replayWindowOf);
  const replayWindow = Math.max(0, ...windows);
  const horizon = declaration.retriesFor ?? UNKNOWN_HORIZON;
  const lease = seconds(options, "lease", 30, 0.1);
  const retention = seconds(options, "retention", Math.max(7 * DAY, 1.25 * horizon, replayWindow), 1, LONGEST);
  const leastRetention = Math.max(declaration.retriesFor ?? 0, replayWindow);
  if (retention < leastRetention)
    throw unexpected(
      "retention",
      `${retention} s`,
      `at least the ${leastRetention} s in which ${declaration.name} may send an event again, or a replay would pass`,
    );
  const maxBytes = count(options, "maxBytes", Math.max(5 * MIB, declaration.maxBytes ?? 0));
  const contentEncodings = readEncodings(options.contentEncodings);
  // a compressed body is in flight as received and as inflated
  const oneBody = contentEncodings.length > 0 ? 2 * maxBytes : maxBytes;
  return {
    endpoint: readEndpoint(options.endpoint, declaration.name, store),
    maxBytes,
    maxBytesInFlight: count(options, "maxBytesInFlight", Math.max(64 * MIB, oneBody)),
    bodyTimeout: seconds(options, "bodyTimeout", 10),
    secretTimeout: seconds(options, "secretTimeout", 2),
    storeTimeout: seconds(options, "storeTimeout", 2) * 1000,
    tolerance,
    repeats: oneOf("repeats", options.repeats, ["accept", "refuse"]),
    store,
    lease: lease * 1000,
    handlerTimeout: seconds(options, "handlerTimeout", standardHandlerTimeout(horizon, lease)) * 1000,
    retention: retention * 1000,
    repeatRetention: Math.min(retention, Math.max(3600, horizon)) * 1000,
    horizon: horizon * 1000,
    contentEncodings,
    observe: readObserver(options.observe),
    observes: options.observe === false ? "nothing" : options.observe === undefined ? "faults" : "everything",
    now: readClock(options.now),
  };
}

/** Where no retry comes after a lease anyway, ending a handler early would only lose its event. */
function standardHandlerTimeout(horizon: number, lease: number): number {
  return horizon <= lease ? 300 : Math.max(1, Math.min(300, horizon - lease));
}

type Seconds = "bodyTimeout" | "secretTimeout" | "storeTimeout" | "lease" | "handlerTimeout" | "retention";

/** `most` is what a timer takes, unless told otherwise. */
function seconds(options: VerifierOptions, option: Seconds, standard: number, least = 0.001, most = 2_147_483): number {
  const value = options[option];
  if (value === undefined) return standard;
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw unexpected(option, seen(value), `seconds, ${least} to ${most}`);
}

function count(options: VerifierOptions, option: "maxBytes" | "maxBytesInFlight", standard: number): number {
  const value = options[option];
  if (value === undefined) return standard;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw unexpected(option, seen(value), "a whole number of bytes, at least 1");
}

function readEndpoint(value: unknown, name: string, store: Store): string {
  if (value === undefined && !store.durable) return name;
  if (typeof value === "string" && value.trim() !== "" && value.length <= 200) return value;
  const why = value === undefined ? ": in a durable store, receivers of one name swallow each other's events" : "";
  throw unexpected("endpoint", seen(value), `a name of 1 to 200 characters, such as "billing/stripe"${why}`);
}

const METHODS = ["claim", "renew", "commit", "release"] as const;

function readStore(value: Store | undefined): Store {
  if (value === undefined) return memoryStore();
  const missing = METHODS.filter((method) => typeof value?.[method] !== "function");
  if (missing.length > 0)
    throw unexpected("store", `${kindOf(value)} without ${missing.join(", ")}`, "memoryStore(), redisStore(client) or the like");
  return value;
}

function readEncodings(value: readonly AcceptedEncoding[] | undefined): readonly AcceptedEncoding[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((encoding) => ["gzip", "deflate", "br"].includes(encoding))) return value;
  throw unexpected("contentEncodings", seen(value), 'a list of "gzip", "deflate" or "br"');
}

function readObserver(value: Observer | false | undefined): Observer {
  if (value === false) return () => {};
  return readFunction("observe", value, "a function, or false for silence") ?? consoleObserver();
}

/** No window closes on a clock that tells no number: it would let everything pass. */
function readClock(value: (() => number) | undefined): () => number {
  const clock = readFunction("now", value, "a function that answers milliseconds");
  if (clock === undefined) return Date.now;
  return () => {
    const now = clock();
    if (Number.isFinite(now)) return now;
    throw unexpected("now", `${seen(now)} answered`, "milliseconds, as Date.now() does");
  };
}

function readFunction<F>(option: string, value: F | undefined, expected: string): F | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw unexpected(option, kindOf(value), expected);
}
