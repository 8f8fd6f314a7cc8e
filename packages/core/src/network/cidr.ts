import { seen } from "../seen.js";
import { unexpected } from "../unexpected.js";
import { type Address, formatAddress, parseAddress, type Words } from "./address.js";

/** A network: its first and last address. A single address is a network of one. */
export interface Cidr {
  readonly version: 4 | 6;
  /** Length of the prefix; 0 is every address of this version. */
  readonly bits: number;
  readonly first: Words;
  readonly last: Words;
}

/** How many bits of an IPv6 prefix an IPv4-mapped address spends before the IPv4 address begins. */
const MAPPED = 96;

/**
 * Reads one entry of an option: an address or a CIDR.
 *
 * Bits beyond the prefix must be zero: `10.0.0.1/8` is refused, since nobody can tell whether the one address or the sixteen
 * million were meant. An IPv4-mapped network (`::ffff:10.0.0.0/104`) is the IPv4 network. `::/0` is every IPv6 address and no IPv4 one.
 *
 * @param option - The option's name, as the user wrote it.
 * @param expected - What an entry may be, for the message.
 * @throws ConfigurationError naming the entry and, for bits beyond the prefix, the network that was probably meant.
 */
export function toCidr(entry: unknown, option: string, expected: string): Cidr {
  const refuse = (more = ""): never => {
    throw unexpected(option, seen(entry) + more, expected);
  };
  if (typeof entry !== "string") return refuse();
  const slash = entry.indexOf("/");
  const text = slash < 0 ? entry : entry.slice(0, slash);
  const address = parseAddress(text) ?? refuse();
  const isMapped = address.version === 4 && text.includes(":");
  const size = address.version === 4 ? 32 : 128;
  const least = isMapped ? MAPPED : 0;
  const bits = slash < 0 ? size : toLength(entry.slice(slash + 1)) - least;
  if (!(bits >= 0 && bits <= size)) refuse(`, whose prefix length is none of /${least} to /${least + size}`);
  const cidr = spanOf(address, bits);
  if (address.words.some((word, index) => word !== cidr.first[index])) {
    const meant = formatAddress({ version: address.version, words: cidr.first });
    refuse(`, which has bits beyond its prefix: write "${meant}/${bits}" for the network, "${formatAddress(address)}" for the address`);
  }
  return cidr;
}

/** Reads a prefix length, which has no leading zero; NaN if it is none. */
const toLength = (text: string): number => (/^(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN);

function spanOf({ version, words }: Address, bits: number): Cidr {
  const host = (index: number): number => {
    const fixed = Math.min(Math.max(bits - 32 * index, 0), 32);
    return 2 ** (32 - fixed) - 1;
  };
  const first = (index: 0 | 1 | 2 | 3): number => (words[index] & ~host(index)) >>> 0;
  const last = (index: 0 | 1 | 2 | 3): number => (words[index] | host(index)) >>> 0;
  return { version, bits, first: [first(0), first(1), first(2), first(3)], last: [last(0), last(1), last(2), last(3)] };
}
