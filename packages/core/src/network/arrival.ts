import { type Address, formatAddress, parseAddress } from "./address.js";
import { seen } from "./seen.js";

/** The headers of a request, each line apart. */
export interface HeaderLines {
  /** Answers all lines of a header in order of arrival; none if it is absent. The name is in lower case. */
  values(name: string): readonly string[];
}

/** How a delivery reached us. */
export interface Arrival {
  /** The peer's address from the socket or the platform; `undefined` on a Unix socket and after a reset. */
  readonly address: string | undefined;
  /** What the socket or the platform itself knows; never what the wire says. */
  readonly protocol: "http" | "https" | undefined;
  readonly headers: HeaderLines;
}

/** The other end of the connection: its address, `"none"` where there is no address, `"unreadable"` where it is not one we read. */
export type Peer = Address | "none" | "unreadable";

/** Tells the peer of an arrival. */
export function peerOf({ address }: Arrival): Peer {
  return address === undefined ? "none" : (parseAddress(address) ?? "unreadable");
}

/** Names the peer for a message. */
export function nameOfPeer(peer: Peer, arrival: Arrival): string {
  if (peer === "none") return "a peer without an address (a Unix socket, or a connection already reset)";
  return peer === "unreadable" ? `a peer whose address ${seen(arrival.address)} cannot be read` : formatAddress(peer);
}
