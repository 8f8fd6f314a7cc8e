import { headerName, seen } from "../seen.js";
import type { Address } from "./address.js";
import { type Arrival, nameOfPeer, type Peer, peerOf } from "./arrival.js";
import { hopsFromRight, LONGEST_CHAIN, syntaxOf } from "./forwarded.js";
import { type TrustedProxies, trustAdvice } from "./trusted-proxies.js";
import { unreadHeader } from "./unread-header.js";

/** The client's address and whether a header told it, or why it cannot be told. */
export type Client = { readonly address: Address; readonly forwarded: boolean } | { readonly problem: string };

/**
 * Tells the client of an arrival: the peer, or the first hop from the right that no trusted proxy stands for.
 *
 * @param header - The one header that is read, in lower case.
 */
export function clientOf(arrival: Arrival, header: string, trust: TrustedProxies): Client {
  const peer = peerOf(arrival);
  if (!trust.named || !trust.trustsPeer(peer)) return fromPeer(peer, arrival);
  const lines = arrival.headers.values(header);
  if (syntaxOf(header) === "single") return fromSingle(lines, header, peer, arrival, trust);
  return trust.hops === undefined ? fromChain(lines, header, peer, arrival, trust) : fromCount(lines, header, trust.hops, arrival);
}

function fromPeer(peer: Peer, arrival: Arrival): Client {
  if (typeof peer !== "string") return { address: peer, forwarded: false };
  return { problem: `the connection came from ${nameOfPeer(peer, arrival)}; ${trustAdvice(peer, arrival)}` };
}

function fromChain(lines: readonly string[], header: string, peer: Peer, arrival: Arrival, trust: TrustedProxies): Client {
  let client = fromPeer(peer, arrival);
  if (lines.length === 0 && "problem" in client) return { problem: absent(header, arrival) };
  let count = 0;
  for (const { address, text } of hopsFromRight(lines, syntaxOf(header))) {
    if (address === undefined) return { problem: unreadable(header, text) };
    client = { address, forwarded: true };
    if (!trust.has(address)) break;
    if (++count === LONGEST_CHAIN) return { problem: `${headerName(header)} names ${count} trusted proxies, and is not read further` };
  }
  return client;
}

function fromCount(lines: readonly string[], header: string, hops: number, arrival: Arrival): Client {
  let count = 0;
  for (const { address, text } of hopsFromRight(lines, syntaxOf(header))) {
    if (address === undefined) return { problem: unreadable(header, text) };
    if (++count === hops) return { address, forwarded: true };
  }
  const entries = count === 0 ? `no entries${unreadHeader(arrival, header, "x-forwarded-for")}` : `only ${count} entries`;
  return { problem: `trustedProxies is { hops: ${hops} }, and ${headerName(header)} has ${entries}` };
}

/** A header for one address, such as `cf-connecting-ip`. How many proxies stand in front of us does not matter to it. */
function fromSingle(lines: readonly string[], header: string, peer: Peer, arrival: Arrival, trust: TrustedProxies): Client {
  const [text] = lines;
  if (text === undefined)
    return trust.hops === undefined && peer !== "none" ? fromPeer(peer, arrival) : { problem: absent(header, arrival) };
  if (lines.length > 1) return { problem: `${headerName(header)} came ${lines.length} times, and carries one address` };
  const [hop, ...others] = hopsFromRight(lines, "single");
  const address = others.length === 0 ? hop?.address : undefined;
  return address === undefined ? { problem: unreadable(header, text) } : { address, forwarded: true };
}

const absent = (header: string, arrival: Arrival): string =>
  `the trusted proxy sent no ${headerName(header)}${unreadHeader(arrival, header, "x-forwarded-for")}`;

const unreadable = (header: string, text: string): string => `${headerName(header)} holds ${seen(text)} where an address must stand`;
