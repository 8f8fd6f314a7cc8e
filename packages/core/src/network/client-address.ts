import type { Address } from "./address.js";
import { type Arrival, nameOfPeer, type Peer, peerOf } from "./arrival.js";
import { hopsFromRight, syntaxOf } from "./forwarded.js";
import { seen } from "./seen.js";
import type { TrustedProxies } from "./trusted-proxies.js";

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
  return trust.hops === undefined ? fromChain(lines, header, peer, arrival, trust) : fromCount(lines, header, trust.hops);
}

function fromPeer(peer: Peer, arrival: Arrival): Client {
  if (typeof peer !== "string") return { address: peer, forwarded: false };
  const advice = peer === "none" ? '; if a proxy of yours speaks over that socket, add trustedProxies: ["unix"]' : "";
  return { problem: `the connection came from ${nameOfPeer(peer, arrival)}${advice}` };
}

function fromChain(lines: readonly string[], header: string, peer: Peer, arrival: Arrival, trust: TrustedProxies): Client {
  let client = fromPeer(peer, arrival);
  if (lines.length === 0 && "problem" in client) return { problem: absent(header) };
  for (const { address, text } of hopsFromRight(lines, syntaxOf(header))) {
    if (address === undefined) return { problem: unreadable(header, text) };
    client = { address, forwarded: true };
    if (!trust.has(address)) break;
  }
  return client;
}

function fromCount(lines: readonly string[], header: string, hops: number): Client {
  let count = 0;
  for (const { address, text } of hopsFromRight(lines, syntaxOf(header))) {
    if (address === undefined) return { problem: unreadable(header, text) };
    if (++count === hops) return { address, forwarded: true };
  }
  return { problem: `trustedProxies counts ${hops} hops, and ${header} has ${count === 0 ? "no" : `only ${count}`} entries` };
}

/** A header for one address, such as `cf-connecting-ip`. How many proxies stand in front of us does not matter to it. */
function fromSingle(lines: readonly string[], header: string, peer: Peer, arrival: Arrival, trust: TrustedProxies): Client {
  const [text] = lines;
  if (text === undefined) return trust.hops === undefined && peer !== "none" ? fromPeer(peer, arrival) : { problem: absent(header) };
  if (lines.length > 1) return { problem: `${header} came ${lines.length} times, and carries one address` };
  const [hop, ...others] = hopsFromRight(lines, "single");
  const address = others.length === 0 ? hop?.address : undefined;
  return address === undefined ? { problem: unreadable(header, text) } : { address, forwarded: true };
}

const absent = (header: string): string => `the trusted proxy sent no ${header}`;

const unreadable = (header: string, text: string): string => `${header} holds ${seen(text)} where an address must stand`;
