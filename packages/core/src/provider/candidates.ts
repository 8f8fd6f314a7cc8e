/** What a delivery offers as its proof, and which schemes may speak for it. */
import type { Awaitable } from "../awaitable.js";
import { type ErrorCode, Refusal } from "../errors.js";
import { decode } from "../signature/encodings.js";
import { Attempt } from "./attempt.js";
import type { CompiledScheme, CompiledSignature } from "./compile.js";
import { matches } from "./condition.js";
import type { ConfiguredProvider, ConfiguredScheme } from "./configured-provider.js";
import type { Reading } from "./reading.js";
import type { SourceReader } from "./source.js";

/** A scheme that may speak for the delivery, and what it reads there. */
export interface Candidate {
  readonly configured: ConfiguredScheme;
  readonly attempt: Attempt;
  /** What the scheme reads stands in the body, which is not read yet. */
  readonly late: boolean;
}

/** From what says least of a delivery to what says most. */
const TELLING: readonly ErrorCode[] = ["HEADER_MISSING", "HEADER_MALFORMED", "SIGNATURE_MISMATCH", "TENANT_UNKNOWN"];

/** Why a delivery is refused that no scheme speaks for. */
export const NOBODY = "no scheme of this provider speaks for a delivery of this form";

/** Keeps the refusal that says most, and of equals the first. */
export class Worst {
  refusal: Refusal | undefined;
  add(refusal: Refusal): void {
    const rank = ({ code }: Refusal): number => TELLING.indexOf(code);
    if (this.refusal === undefined || rank(refusal) > rank(this.refusal)) this.refusal = refusal;
  }
}

export const isTolerable = (error: unknown): error is Refusal =>
  error instanceof Refusal && (error.code === "HEADER_MISSING" || error.code === "HEADER_MALFORMED");

/** An unknown tenant is tried on every scheme as a known one is: fewer would show in the time. */
export const isNoFit = (error: unknown): error is Refusal =>
  error instanceof Refusal && (error.code === "SIGNATURE_MISMATCH" || error.code === "TENANT_UNKNOWN");

/**
 * Step 5: takes up what each scheme reads in headers and query, before the body is read.
 * @throws Refusal where no scheme is left
 */
export function openCandidates(provider: ConfiguredProvider, reading: Reading): Candidate[] {
  const open: Candidate[] = [];
  let worst: Worst | undefined;
  let absent: string | undefined;
  for (const configured of provider.schemes) {
    const { scheme } = configured;
    const late = !scheme.early;
    // the common case of a provider with several header families, spared the price of a throw
    const missing = late ? undefined : absentHeader(scheme, reading);
    absent ??= missing;
    if (missing !== undefined) continue;
    const attempt = new Attempt(scheme, reading);
    try {
      if (scheme.when.early && holds(scheme, "when", attempt) === false) continue;
      if (!late) takeUp(attempt);
      open.push({ configured, attempt, late });
    } catch (error) {
      if (!isTolerable(error)) throw error;
      worst ??= new Worst();
      worst.add(error);
    }
  }
  if (open.length > 0) return open;
  const missing = absent === undefined ? NOBODY : `${absent} is not there`;
  throw worst?.refusal ?? new Refusal("HEADER_MISSING", missing);
}

/** The only header that a scheme's signatures stand in, where it has not come. */
function absentHeader({ signature }: CompiledScheme, { headers }: Reading): string | undefined {
  if (signature?.places.length !== 1) return undefined;
  const place = signature.places[0] as SourceReader;
  return place.kind === "header" && headers.first(place.name) === undefined ? place.text : undefined;
}

/** Tells whether a scheme speaks for a delivery, or its further conditions hold. */
export const holds = (scheme: CompiledScheme, which: "when" | "require", attempt: Attempt): Awaitable<boolean> =>
  matches(scheme[which], attempt, { context: scheme.context, hash: scheme.hash, secret: undefined });

/** Reads the signatures or the token, and what must stand beside them. */
export function takeUp(attempt: Attempt): void {
  const { scheme } = attempt;
  if (scheme.signature !== undefined) attempt.candidates = readCandidates(scheme.signature, attempt);
  if (scheme.token !== undefined) attempt.token = readToken(scheme.token, attempt);
  const { timestamp, id, signed } = scheme;
  if (timestamp?.source.early) {
    const text = attempt.secured(timestamp.source);
    if (timestamp.tolerance !== undefined) need(timestamp.source.text, text);
  }
  if (id === undefined || id.how === "keyBesides") return;
  for (const source of id.sources) {
    if (!source.early) continue;
    const text = attempt.secured(source);
    if (signed.id && id.how === "one") need(source.text, text);
  }
}

function need(what: string, value: string | undefined): void {
  if (value === undefined || value === "") throw new Refusal("HEADER_MISSING", `${what} is not there`);
}

function readCandidates(
  { places, prefix, encoding, separator, repeats, maxCandidates }: CompiledSignature,
  attempt: Attempt,
): readonly Uint8Array[] {
  const items = attempt.items();
  if (items.length === 0) throw toRefusal("HEADER_MISSING", places, "is not there");
  const candidates: Uint8Array[] = [];
  let offered = 0;
  // where a runtime joins lines, a comma that no list of ours explains is a second line
  const joined = separator !== "," && !repeats && attempt.reading.headers.joined;
  for (const item of items) {
    const from = item.startsWith(prefix) ? prefix.length : separator === undefined ? 0 : item.length - 1;
    if (joined && item.includes(",", from))
      throw toRefusal("HEADER_DUPLICATED", places, "holds a comma: it seems to have come on several lines");
    if (!item.startsWith(prefix)) continue;
    offered++;
    if (offered > maxCandidates) throw toRefusal("HEADER_MALFORMED", places, `holds more than ${maxCandidates} signatures`);
    const bytes = decode(item.slice(prefix.length), encoding);
    if (bytes !== undefined && bytes.length > 0) candidates.push(bytes);
  }
  if (offered === 0) throw toRefusal("HEADER_MISSING", places, `holds nothing that begins with ${prefix}`);
  if (candidates.length === 0) throw toRefusal("HEADER_MALFORMED", places, `is not ${encoding}`);
  return candidates;
}

/** Names the places that a signature may stand in. */
function toRefusal(code: ErrorCode, places: readonly SourceReader[], what: string): Refusal {
  return new Refusal(code, `${places[0]?.text}${places.length === 1 ? "" : ` (and ${places.length - 1} more)`} ${what}`);
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
