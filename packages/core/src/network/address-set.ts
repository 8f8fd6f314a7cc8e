import type { Address, Words } from "./address.js";
import { type Cidr, toCidr } from "./cidr.js";

/** Addresses and networks, made once and asked often. */
export interface AddressSet {
  /** Tells whether the address is one of these; the cost grows with the logarithm of their number. */
  has(address: Address): boolean;
}

/** What an entry may be, for messages. */
export const ADDRESS_OR_CIDR = 'an address or a CIDR, such as "203.0.113.7" or "2001:db8::/32"';

/**
 * Makes a set of addresses and CIDRs. An empty list makes an empty set.
 *
 * @param option - The option's name, as the user wrote it.
 * @param expected - What an entry may be, for the message. @default an address or a CIDR
 * @throws ConfigurationError if an entry is neither, or has bits set beyond its prefix.
 */
export function createAddressSet(list: readonly unknown[], option: string, expected: string = ADDRESS_OR_CIDR): AddressSet {
  const cidrs = Array.from(list, (entry) => toCidr(entry, option, expected));
  const tableOf = (version: 4 | 6): Table => createTable(cidrs.filter((cidr) => cidr.version === version));
  const four = tableOf(4);
  const six = tableOf(6);
  return { has: ({ version, words }) => hasWithin(version === 4 ? four : six, words) };
}

/** Disjoint intervals in ascending order, four words each: typed arrays keep them unboxed and side by side. */
interface Table {
  /** The first words of `first`, which decide almost every comparison: alone, they stay in the processor's nearest cache. */
  readonly heads: Uint32Array;
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

function createTable(cidrs: readonly Cidr[]): Table {
  // Two networks are either disjoint or one holds the other: sorted with the wider first, whatever is held follows its holder.
  const sorted = cidrs.toSorted((one, other) => compareAt(one.first, 0, other.first) || one.bits - other.bits);
  const merged: Cidr[] = [];
  for (const cidr of sorted) {
    const holder = merged.at(-1);
    if (holder === undefined || compareAt(cidr.last, 0, holder.last) > 0) merged.push(cidr);
  }
  return {
    heads: Uint32Array.from(merged, (cidr) => cidr.first[0]),
    first: Uint32Array.from(merged.flatMap((cidr) => cidr.first)),
    last: Uint32Array.from(merged.flatMap((cidr) => cidr.last)),
  };
}

function hasWithin({ heads, first, last }: Table, words: Words): boolean {
  const head = words[0] >>> 0;
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = heads[middle]!;
    if (other > head || (other === head && compareAt(first, middle * 4, words) > 0)) high = middle;
    else low = middle + 1;
  }
  // Now `low` counts the intervals that begin at or before the address; the last of them is the only one that can hold it.
  return low > 0 && compareAt(last, (low - 1) * 4, words) >= 0;
}

/** Compares the four words found at an offset with others: negative, zero or positive. The first word decides almost always. */
function compareAt(row: ArrayLike<number>, offset: number, words: Words): number {
  return row[offset]! - words[0] || row[offset + 1]! - words[1] || row[offset + 2]! - words[2] || row[offset + 3]! - words[3];
}
