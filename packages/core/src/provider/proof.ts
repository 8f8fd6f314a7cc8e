/** The proof itself: which scheme speaks for a delivery, which signatures it offers, and which key fits. */
import { digest, hmac, isEqual, verifySignature } from "#crypto";
import { type ErrorCode, Refusal } from "../errors.js";
import type { Awaitable, Part, PublicKey, SecretKey } from "../signature/crypto.js";
import { decode, toUtf8, toWireBytes } from "../signature/encodings.js";
import type { DeliveryContext, KeySet } from "../signature/key-ring.js";
import { Attempt } from "./attempt.js";
import { type CompiledScheme, type CompiledSignature, keyPairOf } from "./compile.js";
import { matches } from "./condition.js";
import type { ConfiguredProvider, ConfiguredScheme } from "./configured-provider.js";
import type { Reading } from "./reading.js";
import { type Ink, render } from "./template.js";

/** Asymmetric verification is dear: this many, and no more. */
const MAX_VERIFICATIONS = 4;

/** A scheme that may speak for the delivery, and what it reads there. */
export interface Candidate {
  readonly configured: ConfiguredScheme;
  readonly attempt: Attempt;
  /** What the scheme reads stands in the body, which is not read yet. */
  readonly late: boolean;
}

/** A proven delivery. */
export interface Proof {
  readonly attempt: Attempt;
  readonly keyId: string;
  readonly tenant: string | undefined;
}

/** What the proof needs besides the delivery. */
export interface ProofContext {
  context(): DeliveryContext;
  /** Seconds. */
  readonly secretTimeout: number;
}

/** From what says least of a delivery to what says most. */
const TELLING: readonly ErrorCode[] = ["HEADER_MISSING", "HEADER_MALFORMED", "SIGNATURE_MISMATCH"];

/** Keeps the refusal that says most, and of equals the first. */
class Worst {
  refusal: Refusal | undefined;
  add(refusal: Refusal): void {
    const rank = ({ code }: Refusal): number => TELLING.indexOf(code);
    if (this.refusal === undefined || rank(refusal) > rank(this.refusal)) this.refusal = refusal;
  }
}

const isTolerable = (error: unknown): error is Refusal =>
  error instanceof Refusal && (error.code === "HEADER_MISSING" || error.code === "HEADER_MALFORMED");

const isMismatch = (error: unknown): error is Refusal => error instanceof Refusal && error.code === "SIGNATURE_MISMATCH";

/**
 * Step 5: takes up what each scheme reads in headers and query, before the body is read.
 * @throws Refusal where no scheme is left
 */
export function openCandidates(provider: ConfiguredProvider, reading: Reading): Candidate[] {
  const open: Candidate[] = [];
  const worst = new Worst();
  for (const configured of provider.schemes) {
    const { scheme } = configured;
    const attempt = new Attempt(scheme, reading);
    const late = !scheme.early;
    try {
      if (scheme.when.early && holds(scheme, "when", attempt) === false) continue;
      if (!late) takeUp(attempt);
      open.push({ configured, attempt, late });
    } catch (error) {
      if (!isTolerable(error)) throw error;
      worst.add(error);
    }
  }
  if (open.length > 0) return open;
  throw worst.refusal ?? new Refusal("HEADER_MISSING", "no scheme of this provider speaks for a delivery of this form");
}

/**
 * Step 8: finds the scheme and the key that fit.
 * @throws Refusal `SIGNATURE_MISMATCH` and the others of its step
 */
export async function prove(candidates: readonly Candidate[], provider: ConfiguredProvider, given: ProofContext): Promise<Proof> {
  const worst = new Worst();
  for (const { configured, attempt, late } of candidates) {
    const { scheme } = configured;
    try {
      if (!scheme.when.early && !(await holds(scheme, "when", attempt))) continue;
      if (late) takeUp(attempt);
      const found = keySetOf(configured, attempt, provider, given);
      const set = found instanceof Promise ? await found : found;
      const fitting = fittingKey(scheme, attempt, set);
      const position = fitting instanceof Promise ? await fitting : fitting;
      if (set.unknown) throw new Refusal("TENANT_UNKNOWN", "the resolver answered nothing for this delivery");
      const key = set.keys[position];
      if (key === undefined) throw new Refusal("SIGNATURE_MISMATCH", mismatch(scheme, attempt, set));
      if (scheme.require.conditions.length > 0 && !(await holds(scheme, "require", attempt)))
        throw new Refusal(
          "SIGNATURE_MISMATCH",
          `a further condition does not hold: ${Object.keys(scheme.words.require as object).join(", ")}`,
        );
      attempt.proven = true;
      return { attempt, keyId: key.id, tenant: set.tenant };
    } catch (error) {
      if (!isTolerable(error) && !isMismatch(error)) throw error;
      worst.add(error);
    }
  }
  throw worst.refusal ?? new Refusal("HEADER_MISSING", "no scheme of this provider speaks for a delivery of this form");
}

const holds = (scheme: CompiledScheme, which: "when" | "require", attempt: Attempt): Awaitable<boolean> =>
  matches(scheme[which], attempt, { context: scheme.context, hash: scheme.hash, secret: undefined });

function mismatch(scheme: CompiledScheme, { candidates }: Attempt, set: KeySet<unknown>): string {
  const offered = scheme.family === "token" || scheme.family === "jwt" ? "the token" : `none of ${candidates.length} signature(s)`;
  const fits = offered === "the token" ? "fits none of" : "fits any of";
  return `${offered} ${fits} ${set.keys.length} key(s); is it the secret of this endpoint, and did anything change the body on its way?`;
}

/** Reads the signatures or the token, and what must stand beside them. */
function takeUp(attempt: Attempt): void {
  const { scheme } = attempt;
  if (scheme.signature !== undefined) attempt.candidates = readCandidates(scheme.signature, attempt);
  if (scheme.token !== undefined) attempt.token = readToken(scheme.token, attempt);
  const { timestamp, id, signed } = scheme;
  if (timestamp?.tolerance !== undefined && timestamp.source.early) need(timestamp.source.text, attempt.secured(timestamp.source));
  if (signed.id && id?.how === "one" && id.sources[0]?.early) need(id.sources[0].text, attempt.secured(id.sources[0]));
}

function need(what: string, value: string | undefined): void {
  if (value === undefined || value === "") throw new Refusal("HEADER_MISSING", `${what} is not there`);
}

function readCandidates(
  { places, prefix, encoding, separator, maxCandidates }: CompiledSignature,
  attempt: Attempt,
): readonly Uint8Array[] {
  const where = `${places[0]?.text}${places.length === 1 ? "" : ` (and ${places.length - 1} more)`}`;
  const items = attempt.items();
  if (items.length === 0) throw new Refusal("HEADER_MISSING", `${where} is not there`);
  const texts: string[] = [];
  for (const item of items) if (item.startsWith(prefix)) texts.push(item.slice(prefix.length));
  if (texts.length === 0) throw new Refusal("HEADER_MISSING", `${where} holds nothing that begins with ${prefix}`);
  if (texts.length > maxCandidates)
    throw new Refusal("HEADER_MALFORMED", `${where} holds ${texts.length} signatures; at most ${maxCandidates} are looked at`);
  // where a runtime joins lines, a comma that no list of ours explains is a second line
  if (
    separator !== "," &&
    attempt.reading.headers.joined &&
    (texts.some((text) => text.includes(",")) || items.some((item) => item.endsWith(",")))
  )
    throw new Refusal("HEADER_DUPLICATED", `${where} holds a comma: it seems to have come on several lines`);
  const candidates: Uint8Array[] = [];
  for (const text of texts) {
    const bytes = decode(text, encoding);
    if (bytes !== undefined && bytes.length > 0) candidates.push(bytes);
  }
  if (candidates.length === 0) throw new Refusal("HEADER_MALFORMED", `${where} is not ${encoding}`);
  return candidates;
}

function readToken({ source, prefix, encoding }: NonNullable<CompiledScheme["token"]>, attempt: Attempt): string {
  const value = attempt.secured(source);
  if (value === undefined || value === "") throw new Refusal("HEADER_MISSING", `${source.text} is not there`);
  if (value.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase())
    throw new Refusal("HEADER_MISSING", `${source.text} does not begin with ${prefix.trim()}`);
  const text = value.slice(prefix.length);
  if (encoding === undefined) return text;
  const bytes = decode(text, encoding);
  if (bytes === undefined) throw new Refusal("HEADER_MALFORMED", `${source.text} is not ${encoding}`);
  return String.fromCharCode(...bytes);
}

/** The keys for this delivery: the user's, or those behind a URL. */
function keySetOf(
  { scheme, ring }: ConfiguredScheme,
  attempt: Attempt,
  provider: ConfiguredProvider,
  { context, secretTimeout }: ProofContext,
): Awaitable<KeySet<SecretKey | PublicKey>> {
  if (ring !== undefined) return ring.keysFor(context, secretTimeout);
  return fetchedKeys(scheme, attempt, provider);
}

async function fetchedKeys(scheme: CompiledScheme, attempt: Attempt, provider: ConfiguredProvider): Promise<KeySet<PublicKey>> {
  const { url: named, hosts, mechanism } = scheme.fetched as NonNullable<CompiledScheme["fetched"]>;
  const source = scheme.fetchedFrom;
  const url = source === undefined ? named : attempt.must(source);
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: "", hostname: "" };
  const isAllowed = hosts === undefined || hosts.some((host) => isHost(hostname, host));
  if (protocol !== "https:" || !isAllowed) throw new Refusal("SIGNATURE_MISMATCH", "the delivery names a key outside the provider's hosts");
  try {
    const keys = await mechanism.keys(
      url,
      scheme.fetched as NonNullable<CompiledScheme["fetched"]>,
      provider.fetchKey,
      keyPairOf(scheme.words),
    );
    return { keys: keys.map((key, position) => ({ id: String(position), key })), tenant: undefined, unknown: false };
  } catch (error) {
    throw new Refusal("SECRETS_UNAVAILABLE", "the provider's key could not be fetched", { cause: error, retryAfter: 30 });
  }
}

/** Compares host names label by label; `*` stands for one label. */
function isHost(hostname: string, pattern: string): boolean {
  const labels = hostname.split(".");
  const wanted = pattern.split(".");
  return labels.length === wanted.length && wanted.every((label, i) => label === "*" || label === labels[i]);
}

/** The position of the key that fits, or -1. Of shared secrets, all are tried on all candidates. */
function fittingKey(scheme: CompiledScheme, attempt: Attempt, { keys }: KeySet<SecretKey | PublicKey>): Awaitable<number> {
  switch (scheme.family) {
    case "hmac":
    case "hash":
      return fittingSecret(scheme, attempt, keys as KeySet<SecretKey>["keys"]);
    case "token":
      return fittingToken(attempt, keys as KeySet<SecretKey>["keys"]);
    case "jwt":
      return fittingJwt(scheme, attempt, keys);
    case "pair":
      return fittingPair(scheme, attempt, keys as KeySet<PublicKey>["keys"]);
  }
}

/** The exact bytes under the signature, as parts. */
export function contentOf(scheme: CompiledScheme, attempt: Attempt, secret: SecretKey | undefined): Awaitable<readonly Part[]> {
  const ink: Ink = { context: scheme.context, hash: scheme.hash, secret };
  const [only] = scheme.content;
  if (only !== undefined && !scheme.sorted) return render(only, attempt, ink);
  return Promise.all(scheme.content.map((template) => render(template, attempt, ink))).then(sortedParts);
}

function sortedParts(rendered: readonly (readonly Part[])[]): Part[] {
  const toText = (parts: readonly Part[]): string =>
    parts.map((part) => (typeof part === "string" ? part : Array.from(part, (byte) => String.fromCharCode(byte)).join(""))).join("");
  return rendered.map(toText).sort().map(toWireBytes);
}

function fittingSecret(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<SecretKey>["keys"]): Awaitable<number> {
  const macs = keys.map(({ key }) => macOf(scheme, attempt, key));
  const fit = (made: readonly Uint8Array[]): number => {
    let fitting = -1;
    for (let i = made.length - 1; i >= 0; i--)
      for (const candidate of attempt.candidates) if (isEqual(made[i] as Uint8Array, candidate)) fitting = i;
    return fitting;
  };
  return isReady(macs) ? fit(macs) : Promise.all(macs).then(fit);
}

const isReady = <T>(values: readonly Awaitable<T>[]): values is readonly T[] => !values.some((value) => value instanceof Promise);

function macOf(scheme: CompiledScheme, attempt: Attempt, key: SecretKey): Awaitable<Uint8Array> {
  const make = (parts: readonly Part[]): Awaitable<Uint8Array> =>
    scheme.family === "hmac" ? hmac(scheme.hash, key, parts) : digest(scheme.hash, parts);
  const parts = contentOf(scheme, attempt, key);
  return parts instanceof Promise ? parts.then(make) : make(parts);
}

/** Compares digests, so that not even the length of a secret shows. */
async function fittingToken({ scheme, token }: Attempt, keys: KeySet<SecretKey>["keys"]): Promise<number> {
  const isText = scheme.token?.source.utf8 === true && scheme.token.encoding === undefined;
  const offered = await digest("sha256", [isText ? toUtf8(token) : toWireBytes(token)]);
  let fitting = -1;
  for (let i = keys.length - 1; i >= 0; i--) {
    const { key } = keys[i] as (typeof keys)[number];
    if (isEqual(await digest("sha256", [key.bytes()]), offered)) fitting = i;
  }
  return fitting;
}

async function fittingJwt(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<SecretKey | PublicKey>["keys"]): Promise<number> {
  const { mechanism, words } = scheme;
  const answer = await mechanism?.verify({
    algorithm: words.algorithm,
    token: attempt.token,
    keys: keys.map(({ key }) => key),
    now: attempt.reading.now,
  });
  attempt.claims = answer?.claims;
  return answer?.key ?? -1;
}

async function fittingPair(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<PublicKey>["keys"]): Promise<number> {
  const parts = await contentOf(scheme, attempt, undefined);
  let left = MAX_VERIFICATIONS;
  for (const [position, { key }] of keys.entries()) {
    for (const candidate of attempt.candidates) {
      if (left-- === 0) return -1;
      if (await verifySignature(key, parts, candidate)) return position;
    }
  }
  return -1;
}
