import type { Arrival } from "./arrival.js";
import { type Hop, hopsFromRight, LONGEST_CHAIN, valuesFromRight } from "./forwarded.js";
import type { TrustedProxies } from "./trusted-proxies.js";

/** What a header says of the protocol by which the client came. */
export interface Told {
  /** As received. */
  readonly text: string;
  /** `undefined` where the text names neither. */
  readonly protocol: "http" | "https" | undefined;
}

/** Tells which header speaks of the protocol. */
export const protocolHeader = (header: string): string => (header === "forwarded" ? header : "x-forwarded-proto");

/**
 * Tells the rightmost protocol that a trusted proxy names; `undefined` if none does.
 *
 * In X-Forwarded-Proto that is the rightmost entry, whoever appends to it or replaces it. An entry of Forwarded was written by a
 * trusted proxy if every entry to its right names one, or if it is among those that are counted; beyond that, anybody may have
 * written it.
 */
export function toldByTrusted(arrival: Arrival, header: string, trust: TrustedProxies): Told | undefined {
  if (header !== "forwarded") return toldByPeer(arrival, header);
  let count = 0;
  for (const hop of hopsFromRight(arrival.headers.values(header), header)) {
    const told = toldByHop(hop);
    if (told !== undefined) return told;
    const { address } = hop;
    const isLast = trust.hops === undefined ? address === undefined || !trust.has(address) : count + 1 === trust.hops;
    if (isLast || ++count === LONGEST_CHAIN) return undefined;
  }
  return undefined;
}

/** Tells what the nearest proxy says, trusted or not; `undefined` if it names no protocol. */
export function toldByPeer(arrival: Arrival, header: string): Told | undefined {
  const lines = arrival.headers.values(protocolHeader(header));
  if (header === "forwarded") {
    const [hop] = hopsFromRight(lines, header);
    return hop && toldByHop(hop);
  }
  const [text] = valuesFromRight(lines);
  return text === undefined ? undefined : toTold(text);
}

function toldByHop({ text, protocol, malformed }: Hop): Told | undefined {
  if (malformed) return { text, protocol: undefined };
  return protocol === undefined ? undefined : toTold(protocol);
}

function toTold(text: string): Told {
  const protocol = text.toLowerCase();
  return { text, protocol: protocol === "http" || protocol === "https" ? protocol : undefined };
}
