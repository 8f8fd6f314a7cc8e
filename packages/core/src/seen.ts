/** Shows what was met, for a message to the operator: clipped, and with nothing in it that could forge a line of a log. */

const LONGEST = 64;

/** Control, format and unassigned characters, lone surrogates, and Unicode's own line ends. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Clips a text to 64 characters and removes what is not printable. */
export function clipped(text: string): string {
  const shown = text.slice(0, LONGEST).replace(UNPRINTABLE, "");
  return text.length > LONGEST ? `${shown}...` : shown;
}

/** Writes a text of any length with a blank for whatever is not printable. */
export function onOneLine(text: string): string {
  return text.replace(UNPRINTABLE, " ");
}

/** Names any value: a string in quotes and clipped, a plain value as it is, anything else by its kind. */
export function seen(value: unknown): string {
  if (typeof value === "string") return `"${clipped(value)}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

/** Words of header names that are written in capitals. */
const CAPITALS = new Set(["arr", "cdn", "cf", "ip", "ssl", "uri", "url"]);

/** Writes a header's name as its own documentation does: `X-Forwarded-For`, `CF-Connecting-IP`. */
export function headerName(name: string): string {
  return name.replace(/[a-z0-9]+/g, (word) => (CAPITALS.has(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)));
}
