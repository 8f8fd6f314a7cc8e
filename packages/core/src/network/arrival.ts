import { seen } from "../seen.js";
import { type Address, formatAddress, parseAddress } from "./address.js";

/** The headers of a request, each line apart. */
export interface HeaderLines {
  /** Answers all lines of a header in order of arrival; none if it is absent. The name is in lower case. */
  values(name: string): readonly string[];
}

/** How a delivery reached us. */
export interface Arrival {
  /** The peer's address from the socket or the platform; `undefined` where there is none, `""` where it is gone with its connection. */
  readonly address: string | undefined;
  /** What the socket or the platform itself knows; never what the wire says. */
  readonly protocol: "http" | "https" | undefined;
  /** Whether it came over a socket of our own. Elsewhere, no address means that the platform does not tell. */
  readonly wire?: boolean | undefined;
  readonly headers: HeaderLines;
}

/**
 * The other end of the connection: its address; `"none"` where there is no address; `"gone"` where the connection was reset before
 * anybody asked; `"unreadable"` where it is not one we read. Only `"none"` may be a Unix socket.
 */
export type Peer = Address | "none" | "gone" | "unreadable";

/** Tells the peer of an arrival. */
export function peerOf({ address }: Arrival): Peer {
  if (address === undefined) return "none";
  if (address === "") return "gone";
  return parseAddress(address) ?? parseZoned(address) ?? "unreadable";
}

/**
 * Reads an address to which Node has appended the interface that it came in by, as it does to link-local ones (`fe80::1%eth0`). Only
 * the socket speaks so: in headers and options a zone is refused.
 *
 * @see RFC 4007 section 11
 */
function parseZoned(text: string): Address | undefined {
  const [, before] = /^([^%]+)%./.exec(text) ?? [];
  const address = before === undefined ? undefined : parseAddress(before);
  return address !== undefined && isLinkLocal(address) ? address : undefined;
}

/** fe80::/10 */
function isLinkLocal({ version, words }: Address): boolean {
  return version === 6 && words[0] >>> 22 === 0xfe80 >>> 6;
}

/** Names the peer for a message. */
export function nameOfPeer(peer: Peer, { address, wire }: Arrival): string {
  if (peer === "none") return wire === true ? "a peer without an address (a Unix socket)" : "a peer whose address nobody tells";
  if (peer === "gone") return "a peer that is gone (its connection was reset)";
  return peer === "unreadable" ? `a peer whose address ${seen(address)} cannot be read` : formatAddress(peer);
}
