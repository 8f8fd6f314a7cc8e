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
const TELLING: readonly ErrorCode[] = ["HEADER_MISSING", "HEADER_MALFORMED", "SIGNATURE_MISMATCH"];

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

export const isMismatch = (error: unknown): error is Refusal => error instanceof Refusal && error.code === "SIGNATURE_MISMATCH";

/**
 * Step 5: takes up what each scheme reads in headers and query, before the body is read.
 * @throws Refusal where no scheme is left
 */
export function openCandidates(provider: ConfiguredProvider, reading: Reading): Candidate[] {
  const open: Candidate[] = [];
  const worst = new Worst();
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
      worst.add(error);
    }
  }
  if (open.length > 0) return open;
  if (absent !== undefined) worst.add(new Refusal("HEADER_MISSING", `${absent} is not there`));
  throw worst.refusal ?? new Refusal("HEADER_MISSING", "no scheme of this provider speaks for a delivery of this form");
}

/** The only header that a scheme's signatures stand in, where it has not come. */
function absentHeader({ signature }: CompiledScheme, { headers }: Reading): string | undefined {
  if (signature?.places.length !== 1) return undefined;
  const [place] = signature.places as [SourceReader];
  return place.kind === "header" && headers.values(place.name).length === 0 ? place.text : undefined;
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
