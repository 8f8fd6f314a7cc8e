/**
 * The lists that proxies leave behind, read from the right: each proxy writes at the end, so what a trusted one wrote is met
 * before anything that a client could have sent, and is understood without looking at it.
 */
import { type Address, parseAddress } from "./address.js";

/** One entry of the list: what the proxy that wrote it saw. */
export interface Hop {
  /** What stands where the address should, as received. */
  readonly text: string;
  /** `undefined` for a hop that is no address: `unknown`, an obfuscated name, or a malformed entry. */
  readonly address: Address | undefined;
  /** What a `Forwarded` entry says of the protocol, as received. */
  readonly protocol: string | undefined;
  /** Whether an entry of `Forwarded` is empty, or not to be read at all. */
  readonly malformed: boolean;
}

/** A chain of so many trusted proxies is none: whoever sends it does not get it read to its end. */
export const LONGEST_CHAIN = 100;

/**
 * Which syntax the configured header has: `list` is X-Forwarded-For, `forwarded` is RFC 7239, `single` is any other header, which
 * carries one address.
 */
export type HopSyntax = "list" | "forwarded" | "single";

/** Tells the syntax of a header by its lower-case name. */
export function syntaxOf(header: string): HopSyntax {
  if (header === "x-forwarded-for") return "list";
  return header === "forwarded" ? "forwarded" : "single";
}

/**
 * Reads the entries from the last of the last line to the first of the first. An empty entry is a hop that is no address.
 *
 * @see RFC 7239
 */
export function* hopsFromRight(lines: readonly string[], syntax: HopSyntax): Generator<Hop, void, undefined> {
  for (const text of valuesFromRight(lines, syntax === "forwarded")) {
    if (syntax === "forwarded") yield toForwardedHop(text);
    else yield { text, address: toNode(text, true), protocol: undefined, malformed: false };
  }
}

/** Splits lines at commas, from the right. @param quotes - Whether a comma inside a quoted string separates nothing. */
export function* valuesFromRight(lines: readonly string[], quotes = false): Generator<string, void, undefined> {
  for (const line of lines.toReversed()) {
    let end = line.length;
    let quoted = false;
    for (let at = end - 1; at >= 0; at--) {
      const unit = line[at];
      if (quotes && unit === '"') quoted = !quoted || isEscaped(line, at);
      if (unit !== "," || quoted) continue;
      yield trimmed(line.slice(at + 1, end));
      end = at;
    }
    yield trimmed(line.slice(0, end));
  }
}

/** Tells whether an odd number of backslashes stands before a character. */
function isEscaped(line: string, at: number): boolean {
  let before = at;
  while (line[before - 1] === "\\") before--;
  return (at - before) % 2 === 1;
}

/** Removes blanks and tabs at both ends. Not `trim`, to which a no-break space would be white space too. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === " " || text[start] === "\t") start++;
  while (end > start && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  return text.slice(start, end);
}

/** One `name=value` of an element, or nothing, up to its semicolon. No text can be matched in two ways, so it never backtracks far. */
const PAIR = /[ \t]*(?:([!#$%&'*+.^_`|~0-9a-z-]+)=(?:([!#$%&'*+.^_`|~0-9a-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?:;|$)/iy;

/** Parameters of an element; RFC 7239 knows four. What has more is not read to its end. */
const MOST_PARAMETERS = 20;

function toForwardedHop(element: string): Hop {
  const malformed: Hop = { text: element, address: undefined, protocol: undefined, malformed: true };
  const pairs = new Map<string, string>();
  // one pattern serves all: parsing never waits
  PAIR.lastIndex = 0;
  for (let count = 0; PAIR.lastIndex < element.length; count++) {
    const pair = count < MOST_PARAMETERS ? PAIR.exec(element) : null;
    if (pair === null) return malformed;
    const [, name, token, quoted = ""] = pair;
    if (name === undefined) continue;
    // A parameter that appears twice leaves open which one counts: RFC 7239 section 4 forbids it.
    if (pairs.has(name.toLowerCase())) return malformed;
    pairs.set(name.toLowerCase(), token ?? quoted.replace(/\\(.)/g, "$1"));
  }
  if (pairs.size === 0) return malformed;
  const node = pairs.get("for");
  return {
    text: node ?? element,
    address: node === undefined ? undefined : toNode(node, false),
    protocol: pairs.get("proto"),
    malformed: false,
  };
}

/** A port, or the obfuscated port of RFC 7239. */
const PORT = /^:(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)$/;

/**
 * Reads the address of a hop: `192.0.2.1`, `192.0.2.1:5678`, `[2001:db8::1]`, `[2001:db8::1]:443`.
 *
 * @param bare - Whether IPv6 may stand without brackets, as in X-Forwarded-For. RFC 7239 demands them.
 */
function toNode(text: string, bare: boolean): Address | undefined {
  const colon = text.indexOf(":");
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    const port = text.slice(close + 1);
    return colon < close && colon > 0 && isPort(port) ? parseAddress(text.slice(1, close)) : undefined;
  }
  if (colon < 0) return parseAddress(text);
  if (text.includes(":", colon + 1)) return bare ? parseAddress(text) : undefined;
  return isPort(text.slice(colon)) ? parseAddress(text.slice(0, colon)) : undefined;
}

function isPort(text: string): boolean {
  return text === "" || (PORT.test(text) && !(Number(text.slice(1)) > 65_535));
}
