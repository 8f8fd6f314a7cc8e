/** What every store refuses before it asks its server. */

import { type Claim, ConfigurationError } from "@countersign/core";

const NAME = /^[\w-]{1,64}$/;
/** Visible ASCII without a colon, which ends the token in Redis. */
const TOKEN = /^[!-9;-~]{1,128}$/;

/** Refuses a claim that breaks the contract: a caller's mistake, never the sender's. */
export function assertClaim({ key, mark, partition, token, tag }: Claim): void {
  if (!NAME.test(key) || !NAME.test(partition) || (mark !== undefined && !NAME.test(mark))) {
    throw new RangeError("A claim's key, mark and partition are 1 to 64 letters, digits, `_` or `-`.");
  }
  if (!TOKEN.test(token)) throw new RangeError("A claim's token is 1 to 128 visible ASCII characters other than a colon.");
  if (tag.length > 128 || tag.includes("\0")) throw new RangeError("A claim's tag is at most 128 characters, none of them NUL.");
}

/** Shows what was met in place of an option: a text clipped, anything that is not plain by its kind. */
export function seen(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : kindOf(value);
}

/** Shows what was met in place of a client: no text, which may be an address with a password in it. */
export function kindOf(value: unknown): string {
  if (typeof value === "string") return "a string";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Refuses an unknown option by its name. */
export function assertOptions(factory: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new ConfigurationError(factory, `saw ${kindOf(options)} for options; expected an object with ${known.join(", ")}.`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new ConfigurationError(name, `${factory} has no such option; it takes ${known.join(", ")}.`);
  }
}

/** A time to keep something, at least one millisecond, as digits. */
export function toWholeMilliseconds(time: number): string {
  if (!(time > 0) || time > Number.MAX_SAFE_INTEGER) throw new RangeError("A claim's times are positive milliseconds.");
  return String(Math.ceil(time));
}
