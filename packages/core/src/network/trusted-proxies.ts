import { seen } from "../seen.js";
import { unexpected } from "../unexpected.js";
import { type Address, formatAddress, isLoopback } from "./address.js";
import { ADDRESS_OR_CIDR, createAddressSet } from "./address-set.js";
import type { Arrival, Peer } from "./arrival.js";
import { toCidr } from "./cidr.js";

/** Who may speak of the client's address and protocol. */
export interface TrustedProxies {
  /** Whether the option was given. Until then the default, loopback, may speak of the protocol only. */
  readonly named: boolean;
  /** How many proxies stand in front, where they are counted and not named. */
  readonly hops: number | undefined;
  /** Tells whether the other end of the connection is a trusted proxy; where proxies are counted, it is unless it is gone. */
  trustsPeer(peer: Peer): boolean;
  /** Tells whether a hop is a trusted proxy. */
  has(address: Address): boolean;
}

const OPTION = "trustedProxies";

/** The names that stand for networks. */
const NAMES = new Map([
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
]);

const ENTRY = `"loopback", "link-local", "private", "unix", ${ADDRESS_OR_CIDR}`;
const EXPECTED = `a list of ${ENTRY}; or { hops: n } with the number of proxies in front`;

/**
 * Compiles the option `trustedProxies`.
 *
 * @param value - The option as the user wrote it; `undefined` means left out.
 * @throws ConfigurationError if it is no list of names, addresses and CIDRs and no hop count, or if it trusts everybody.
 */
export function createTrustedProxies(value: unknown): TrustedProxies {
  if (value === undefined) return fromSet(false, isLoopback, false);
  if (Array.isArray(value)) {
    const entries = Array.from(value).flatMap((entry) => (entry === "unix" ? [] : (NAMES.get(entry) ?? [entry])));
    // where every address is trusted, the leftmost entry counts, and that is the client's own
    const everybody = entries.find((entry) => toCidr(entry, OPTION, ENTRY).bits === 0);
    if (everybody !== undefined) throw unexpected(OPTION, `${seen(everybody)}, by which any client could write its own address`, EXPECTED);
    return fromSet(true, createAddressSet(entries, OPTION, ENTRY).has, value.includes("unix"));
  }
  if (typeof value !== "object" || value === null || !("hops" in value)) throw unexpected(OPTION, seen(value), EXPECTED);
  return { named: true, hops: toHops(value), trustsPeer: (peer) => peer !== "gone", has: () => false };
}

function fromSet(named: boolean, has: (address: Address) => boolean, unix: boolean): TrustedProxies {
  const trustsPeer = (peer: Peer): boolean => (typeof peer === "string" ? peer === "none" && unix : has(peer));
  return { named, hops: undefined, trustsPeer, has };
}

function toHops({ hops, ...others }: { readonly hops: unknown }): number {
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) throw unexpected(OPTION, `${seen(stranger)} beside hops`, EXPECTED);
  if (typeof hops === "number" && Number.isSafeInteger(hops) && hops > 0) return hops;
  throw unexpected(OPTION, `hops: ${seen(hops)}`, "a whole number of at least 1");
}

/** What helps where the platform tells less than a socket would. */
export const ORIGIN_ADVICE =
  "have `origin` (the third argument of webhook) tell address and protocol, or count the proxies in front: trustedProxies: { hops: n }";

/** Tells what to do so that this peer is trusted, if it is a proxy, and what to do first. */
export function trustAdvice(peer: Peer, { wire }: Arrival, first = ""): string {
  if (peer === "none") return wire === true ? `if a proxy of yours speaks over it, ${first}add trustedProxies: ["unix"]` : ORIGIN_ADVICE;
  if (peer === "unreadable" && wire !== true) return "have `origin` tell the address alone, without port, brackets or zone";
  if (typeof peer === "string") return "no option can trust such a peer";
  const named = Array.from(NAMES).find(([, entries]) => createAddressSet(entries, OPTION).has(peer));
  const express = wire === true ? "; Express's `trust proxy` is not read" : "";
  return `if it is a proxy of yours, ${first}add trustedProxies: ["${named?.[0] ?? formatAddress(peer)}"]${express}`;
}
