/** Why a delivery does not count as HTTPS, in words for the operator: what was seen, and what would help. */

import { clipped, headerName, seen } from "../seen.js";
import { type Arrival, nameOfPeer, peerOf } from "./arrival.js";
import { protocolHeader, type Told, toldByPeer } from "./told-protocol.js";
import { ORIGIN_ADVICE, type TrustedProxies, trustAdvice } from "./trusted-proxies.js";
import { unreadHeader } from "./unread-header.js";

const OFF = 'set https: "off"';
const SAYS_HTTP = "the load balancer or proxy itself says http: it needs an HTTPS listener, or to pass on what a proxy before it said";

/** The words for a trusted proxy that named another protocol, or none. */
export function trustedDetail(arrival: Arrival, header: string, told: Told | undefined, hindrance: string): string {
  const name = headerName(protocolHeader(header));
  const from = nameOfPeer(peerOf(arrival), arrival);
  const end = (mend: string): string => `; not local development, for ${hindrance}; ${mend}, or ${OFF}`;
  if (told?.protocol === "http") return `${from} says "http" in ${name}${end(SAYS_HTTP)}`;
  const send = `have the proxy send the client's protocol in ${name}`;
  if (told !== undefined) return `${name} from ${from} holds ${seen(told.text)}, which is not to be read as http or https${end(send)}`;
  return `${silence(arrival, from, name)}${unreadHeader(arrival, header, "x-forwarded-proto")}${end(send)}`;
}

/** The words for a peer that is not trusted. To trust it is advised only where that would help. */
export function strangerDetail(arrival: Arrival, header: string, trust: TrustedProxies): string {
  const name = headerName(protocolHeader(header));
  const peer = peerOf(arrival);
  const from = nameOfPeer(peer, arrival);
  const told = toldByPeer(arrival, header);
  const isUntold = arrival.wire !== true && (peer === "none" || arrival.protocol === undefined);
  if (told?.protocol === undefined) {
    const what = silence(arrival, from, name);
    if (isUntold) return `${what}; ${ORIGIN_ADVICE}; or ${OFF}`;
    return `${what}; serve HTTPS, or ${OFF}; ${trustAdvice(peer, arrival, `have it send ${name} and `)}`;
  }
  const shown = `\`${name}: ${header === "forwarded" ? "proto=" : ""}${clipped(told.text)}\` came from ${from}`;
  if (told.protocol === "http") return `${shown}, and to trust it would not help; ${SAYS_HTTP}`;
  const now = trust.named ? "" : " (without the option, loopback alone is)";
  return `${shown}, which is not trusted${now}; ${isUntold ? ORIGIN_ADVICE : trustAdvice(peer, arrival)}`;
}

function silence({ wire, protocol }: Arrival, from: string, name: string): string {
  const isUntold = wire !== true && protocol === undefined;
  return isUntold
    ? `neither the platform nor ${name} tells the protocol of a delivery from ${from}`
    : `plain HTTP from ${from}, and no protocol in ${name}`;
}
