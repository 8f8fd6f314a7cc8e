import { Refusal } from "../errors.js";
import { headerName, seen } from "../seen.js";
import { unexpected } from "../unexpected.js";
import { formatAddress } from "./address.js";
import { ADDRESS_OR_CIDR, createAddressSet } from "./address-set.js";
import { type Arrival, peerOf } from "./arrival.js";
import { clientOf } from "./client-address.js";
import { syntaxOf } from "./forwarded.js";
import { type TrustedProxies, trustAdvice } from "./trusted-proxies.js";
import { unreadHeader } from "./unread-header.js";

/** Refuses a delivery whose client is not on the list, or cannot be told. */
export type AddressCheck = (arrival: Arrival) => Refusal | undefined;

/**
 * Compiles the option `allow`.
 *
 * @param list - The option as the user wrote it.
 * @param header - The header that tells the client, in lower case.
 * @throws ConfigurationError if it is no list of addresses and CIDRs.
 */
export function createAddressCheck(list: unknown, header: string, trust: TrustedProxies): AddressCheck {
  if (!Array.isArray(list))
    throw unexpected("allow", seen(list), `a list, each entry ${ADDRESS_OR_CIDR}; leave it out to allow every address`);
  const allowed = createAddressSet(list, "allow");
  const denial = list.length === 0 ? "allow is an empty list, which denies every address" : undefined;
  return (arrival) => {
    const client = clientOf(arrival, header, trust);
    if ("problem" in client) return new Refusal("ADDRESS_UNKNOWN", client.problem);
    if (allowed.has(client.address)) return undefined;
    const text = formatAddress(client.address);
    const detail = denial ?? (client.forwarded ? hopDetail(text, header, trust) : peerDetail(text, arrival, header, trust));
    return new Refusal("ADDRESS_NOT_ALLOWED", detail);
  };
}

/** The words for a client that a trusted proxy told: it may be one more proxy, which nobody named or counted. */
function hopDetail(text: string, header: string, { hops }: TrustedProxies): string {
  const name = headerName(header);
  const what = `${text}, told by ${name}, is not in allow; if it is a proxy of yours`;
  if (syntaxOf(header) === "single") return `${what}, what writes ${name} sees that proxy alone: let another header be forwardedHeader`;
  return hops === undefined ? `${what}, name it in trustedProxies too` : `${what}, hops: ${hops} counts too few`;
}

/** The words for the peer itself: it may be a proxy, of which no header was read or which sent none. */
function peerDetail(text: string, arrival: Arrival, header: string, trust: TrustedProxies): string {
  const name = headerName(header);
  const what = `${text}, the connection's peer, is not in allow`;
  const peer = peerOf(arrival);
  if (arrival.headers.values(header).length === 0) {
    const other = trust.named && trust.trustsPeer(peer) ? unreadHeader(arrival, header, "x-forwarded-for") : "";
    return `${what}, and no ${name} came with it${other}`;
  }
  const now = trust.named ? "" : ", since trustedProxies is left out";
  return `${what}; its ${name} is not believed${now}; ${trustAdvice(peer, arrival)}`;
}
