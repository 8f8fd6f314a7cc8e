import { CODES, ConfigurationError, type ErrorCode, pageOf } from "./errors.js";
import { clipped, onOneLine, seen } from "./seen.js";

/** Codes of what the operator should know, though nothing was refused. */
export type NoticeCode =
  | "LOCAL_HTTP"
  | "MEMORY_STORE"
  | "ENDPOINT_SHARED"
  | "NOT_DEDUPLICATED"
  | "COMMIT_FAILED"
  | "LEASE_LOST"
  | "HANDLER_TIMEOUT";

/** Milliseconds spent in each phase; those that were not reached are 0. */
export interface Phases {
  readonly body: number;
  readonly signature: number;
  readonly store: number;
  readonly handler: number;
}

/** One delivery, after its reply was decided. Holds no secret, body or header value. */
export interface DeliveryRecord {
  readonly kind: "delivery";
  readonly provider: string;
  readonly endpoint: string;
  readonly outcome: "accepted" | "duplicate" | "handshake" | "rejected";
  /** Why it was refused, or why its handler's work does not count. */
  readonly code: ErrorCode | undefined;
  /** What was seen and how to mend it. */
  readonly detail: string | undefined;
  readonly cause: unknown;
  /** `undefined` where nobody knows it, such as after `release()`. */
  readonly status: number | undefined;
  /** Milliseconds from the arrival to the decision. */
  readonly duration: number;
  readonly phases: Phases;
  /** Length of the body. */
  readonly bytes: number;
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly tenant: string | undefined;
  readonly keyId: string | undefined;
  /** Seconds from the signed timestamp to the arrival. */
  readonly lag: number | undefined;
  readonly duplicate: "exact" | "redelivery" | "running" | "replayed" | undefined;
  readonly repeats: false | "running" | "done";
}

/** Something outside a delivery's reply: said at construction, or after the reply has left. */
export interface NoticeRecord {
  readonly kind: "notice";
  readonly provider: string;
  readonly endpoint: string;
  readonly code: NoticeCode;
  readonly detail: string;
  readonly cause: unknown;
  /** The event's, where one is meant that has one. */
  readonly id?: string | undefined;
}

export type ObserverRecord = DeliveryRecord | NoticeRecord;

/** Is told of every delivery once, and of notices. What it throws is dropped, and it is never waited for. */
export type Observer = (record: ObserverRecord) => unknown;

/** Whatever logs as pino does: an object, then a message. */
export interface Logger {
  info(object: object, message: string): unknown;
  warn(object: object, message: string): unknown;
  error(object: object, message: string): unknown;
}

/** How often the console hears of one code, in milliseconds. */
const INTERVAL = 60_000;

/** A notice that is no error has no status. */
const isOurs = (code: ErrorCode | NoticeCode): boolean => code in CODES && CODES[code as ErrorCode].status >= 500;

/**
 * Makes an observer that logs every record: accepted deliveries as `info`, refusals as `warn`, what is the operator's as `error`.
 *
 * @example
 * createVerifier({ provider, observe: logObserver(pino()) });
 */
export function logObserver(logger: Logger): Observer {
  for (const level of ["info", "warn", "error"] as const)
    if (typeof logger?.[level] !== "function")
      throw new ConfigurationError("logger", `logObserver was given none with a method ${level}; expected one such as pino() or console`);
  return (record) => {
    const message = messageOf(record);
    const { cause, ...fields } = record;
    const object = cause === undefined ? fields : { ...fields, err: cause };
    if (record.code === undefined) logger.info(object, message);
    else if (isOurs(record.code)) logger.error(object, message);
    else logger.warn(object, message);
  };
}

function messageOf(record: ObserverRecord): string {
  const event = record.id === undefined ? "" : `, event ${clipped(record.id)}`;
  const where = `${record.provider} at ${record.endpoint}`;
  if (record.kind === "notice") return `${record.code} (${where}${event}): ${withPage(record.detail, record.code)}`;
  if (record.code === undefined)
    return `webhook ${record.outcome} (${where})${record.duplicate === undefined ? "" : `, ${record.duplicate}`}`;
  return `webhook ${record.outcome}, ${record.code} (${where}${event}): ${withPage(detailOf(record, record.code), record.code)}`;
}

function detailOf({ detail, cause, status }: DeliveryRecord, code: ErrorCode): string {
  if (code === "HANDLER_FAILED" && cause === undefined && status !== undefined) return `the handler answered ${status}`;
  return detail ?? CODES[code].title;
}

function withPage(detail: string, code: ErrorCode | NoticeCode): string {
  const page = pageOf(code);
  return detail.includes(page) ? detail : `${detail}${detail.endsWith("?") ? "" : "."} ${page}`;
}

/** What stands behind a fault, unless that was said. A connection refused on several addresses has a code and no message. */
function causeOf({ detail, cause }: ObserverRecord): string {
  if (cause === undefined) return "";
  const isError = cause instanceof Error;
  const own = cause instanceof ConfigurationError ? cause.detail : isError && cause.message;
  const text = own || (isError ? String((cause as { code?: unknown }).code ?? cause.name) : seen(cause));
  return detail?.includes(text) ? "" : ` Cause: ${text}${text.endsWith(".") ? "" : "."}`;
}

/** Makes the default observer: what was refused or failed, one line per code and minute, on the console. */
export function consoleObserver(warn: (message: string) => void = console.warn, now: () => number = Date.now): Observer {
  const said = new Map<string, { at: number; more: number }>();
  return (record) => {
    const { code } = record;
    // a handler's time is told by a notice already
    if (code === undefined || (code === "HANDLER_TIMEOUT" && record.kind === "delivery")) return;
    const last = said.get(code);
    // a clock that was put back silences nothing
    if (last !== undefined && Math.abs(now() - last.at) < INTERVAL) {
      last.more++;
      return;
    }
    said.set(code, { at: now(), more: 0 });
    const more = last !== undefined && last.more > 0 ? ` (and ${last.more} more since)` : "";
    warn(onOneLine(`[countersign] ${messageOf(record)}${causeOf(record)}${more}`));
  };
}

/** Keeps an observer from breaking or delaying anything. */
export function guardObserver(observer: Observer): (record: ObserverRecord) => void {
  return (record) => {
    try {
      const answer = observer(record);
      if (answer instanceof Promise) answer.catch(() => {});
    } catch {
      // an observer only looks on
    }
  };
}
