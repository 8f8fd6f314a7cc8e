/**
 * IP addresses as numbers, so that no two spellings of one address differ.
 *
 * Read strictly: other readers disagree about octal, short and zoned forms, and an allowlist must not depend on who is right.
 *
 * @see RFC 4291 section 2.2 for the forms that are read, RFC 5952 for the form that is written.
 */
import { HEX_TABLE } from "../signature/encodings.js";

/** An address as four unsigned 32-bit words, the first most significant. IPv4 stands in the first word; the others are 0. */
export interface Address {
  readonly version: 4 | 6;
  readonly words: Words;
}

/** 128 bits. */
export type Words = readonly [number, number, number, number];

/** "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255" */
const LONGEST = 45;
const DOT = 46;
const ZERO = 48;
const COLON = 58;

/**
 * Reads an IPv4 or IPv6 address; answers `undefined` for anything else.
 *
 * IPv4 is four decimal numbers without leading zeros. IPv6 takes `::` for one or more groups and an IPv4 tail; an IPv4-mapped
 * address (`::ffff:192.0.2.1`) is the IPv4 address itself. Zone ids, brackets, ports and white space are refused.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > LONGEST) return undefined;
  if (text.includes(":")) return parseIPv6(text);
  const quad = parseQuad(text, 0);
  return quad < 0 ? undefined : { version: 4, words: [quad, 0, 0, 0] };
}

/** Tells whether an address is this machine itself: 127.0.0.0/8 or ::1. */
export function isLoopback({ version, words }: Address): boolean {
  if (version === 4) return words[0] >>> 24 === 127;
  return words[3] === 1 && words[0] === 0 && words[1] === 0 && words[2] === 0;
}

/** Reads a dotted quad that lasts until the end of the text; -1 if it is none. */
function parseQuad(text: string, start: number): number {
  let quad = 0;
  let octet = -1;
  let dots = 0;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === DOT) {
      if (octet < 0 || ++dots > 3) return -1;
      quad = quad * 256 + octet;
      octet = -1;
      continue;
    }
    const digit = unit - ZERO;
    // An octet that is 0 so far and goes on has a leading zero: some read it as octal.
    if (digit < 0 || digit > 9 || octet === 0) return -1;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return -1;
  }
  return octet < 0 || dots !== 3 ? -1 : quad * 256 + octet;
}

/** The groups of the address that is being read: parsing never waits, so one row serves all and nothing is allocated for it. */
const groups = new Uint16Array(8);

function parseIPv6(text: string): Address | undefined {
  let count = 0;
  let gap = -1;
  let at = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    const start = at;
    let group = 0;
    let unit = COLON;
    for (; at < text.length; at++) {
      unit = text.charCodeAt(at);
      // a look at a table costs less than a doubtful branch
      const digit = HEX_TABLE[unit] ?? 16;
      if (digit > 15) break;
      group = group * 16 + digit;
    }
    if (count === 8) return undefined;
    if (unit === DOT) {
      const quad = parseQuad(text, start);
      if (quad < 0 || count === 7) return undefined;
      groups[count++] = quad >>> 16;
      groups[count++] = quad & 0xffff;
      break;
    }
    if (at === start || at - start > 4) return undefined;
    groups[count++] = group;
    if (at === text.length) break;
    if (unit !== COLON || ++at === text.length) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = count;
      at++;
    }
  }
  if (gap < 0 ? count !== 8 : count === 8) return undefined;
  if (gap >= 0) fillGap(gap, count);
  return fromGroups();
}

/** Moves the groups after the gap to the end of the row, and zeros into the gap. */
function fillGap(gap: number, count: number): void {
  for (let index = 7; index >= gap; index--) {
    const from = index - 8 + count;
    groups[index] = from < gap ? 0 : groups[from]!;
  }
}

function fromGroups(): Address {
  const first = groups[0]! * 0x1_0000 + groups[1]!;
  const second = groups[2]! * 0x1_0000 + groups[3]!;
  const third = groups[4]! * 0x1_0000 + groups[5]!;
  const fourth = groups[6]! * 0x1_0000 + groups[7]!;
  const mapped = first === 0 && second === 0 && third === 0xffff;
  return mapped ? { version: 4, words: [fourth, 0, 0, 0] } : { version: 6, words: [first, second, third, fourth] };
}

/** Writes an address in its one canonical form. */
export function formatAddress({ version, words }: Address): string {
  if (version === 4) return [24, 16, 8, 0].map((shift) => (words[0] >>> shift) & 255).join(".");
  const row = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const gap = longestZeros(row);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return gap.length < 2 ? hex(row) : `${hex(row.slice(0, gap.start))}::${hex(row.slice(gap.start + gap.length))}`;
}

/** Finds the longest run of zero groups, the first of equals. */
function longestZeros(row: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of row.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: index + 1 - length, length };
  }
  return longest;
}
