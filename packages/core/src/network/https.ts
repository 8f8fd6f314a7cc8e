import { Refusal } from "../errors.js";
import { type Arrival, nameOfPeer, peerOf } from "./arrival.js";
import { hopsFromRight, valuesFromRight } from "./forwarded.js";
import { whyNotLocal } from "./local-request.js";
import { clipped, seen } from "./seen.js";
import { type TrustedProxies, trustAdvice } from "./trusted-proxies.js";

/** What the check needs to know beside the arrival. */
export interface HttpsSettings {
  /** The header that is configured to tell the client, in lower case. */
  readonly header: string;
  readonly trust: TrustedProxies;
  readonly nodeEnv: string | undefined;
  /** Called for each delivery that is let through for local development. */
  readonly onLocal: () => void;
}

/**
 * Refuses a delivery that did not come over HTTPS.
 *
 * HTTPS is what the socket or the platform says, or the rightmost protocol that a trusted proxy names. Plain HTTP passes for local
 * development: from this machine to this machine, with no proxy in sight or named, and not in production.
 */
export function checkHttps(arrival: Arrival, settings: HttpsSettings): Refusal | undefined {
  if (arrival.protocol === "https") return undefined;
  const { header, trust } = settings;
  const trusted = trust.trustsPeer(peerOf(arrival));
  const told = trusted ? toldProtocol(arrival, header, trust) : undefined;
  if (told?.toLowerCase() === "https") return undefined;
  const hindrance = whyNotExempt(arrival, settings);
  if (hindrance !== undefined) {
    return new Refusal("HTTPS_REQUIRED", trusted ? trustedDetail(arrival, settings, told, hindrance) : strangerDetail(arrival, settings));
  }
  settings.onLocal();
  return undefined;
}

/** Tells which header speaks of the protocol. */
const protocolHeader = (header: string): string => (header === "forwarded" ? header : "x-forwarded-proto");

/** Answers all protocols named, from the right; `undefined` where a `Forwarded` entry names none. */
function protocolsFromRight(arrival: Arrival, header: string): readonly (string | undefined)[] {
  const lines = arrival.headers.values(protocolHeader(header));
  return header === "forwarded" ? Array.from(hopsFromRight(lines, header), (hop) => hop.protocol) : [...valuesFromRight(lines)];
}

function toldProtocol(arrival: Arrival, header: string, trust: TrustedProxies): string | undefined {
  if (header === "forwarded" && trust.hops === undefined) return toldByChain(arrival, trust);
  const protocols = protocolsFromRight(arrival, header);
  // Proxies that replace the header leave a single value, however many they are.
  return trust.hops === undefined || protocols.length === 1 ? protocols[0] : protocols[trust.hops - 1];
}

/** An entry was written by a trusted proxy if every entry to its right names one; beyond that, anybody may have written it. */
function toldByChain(arrival: Arrival, trust: TrustedProxies): string | undefined {
  for (const { address, protocol } of hopsFromRight(arrival.headers.values("forwarded"), "forwarded")) {
    if (protocol !== undefined) return protocol;
    if (address === undefined || !trust.has(address)) return undefined;
  }
  return undefined;
}

/** Tells what keeps plain HTTP from passing for local development; `undefined` if nothing does. */
function whyNotExempt(arrival: Arrival, { header, trust, nodeEnv }: HttpsSettings): string | undefined {
  if (trust.named) return "trustedProxies is set";
  if (nodeEnv === "production") return "NODE_ENV is production";
  return whyNotLocal(arrival, header);
}

/** The words for a trusted proxy that named another protocol, or none. */
function trustedDetail(arrival: Arrival, { header, trust }: HttpsSettings, told: string | undefined, hindrance: string): string {
  const name = protocolHeader(header);
  const from = nameOfPeer(peerOf(arrival), arrival);
  const counted = trust.hops === undefined ? "" : `, counting ${trust.hops} from the right`;
  const what = told === undefined ? `plain HTTP from ${from}, and no protocol in ${name}` : `${from} says ${seen(told)} in ${name}`;
  const mend = `have the proxy send the client's protocol in ${name}, or set https: "off" to accept plain HTTP`;
  return `${what}${counted}; not local development, for ${hindrance}; ${mend}`;
}

/** The words for a peer that is not trusted. */
function strangerDetail(arrival: Arrival, { header, trust }: HttpsSettings): string {
  const name = protocolHeader(header);
  const peer = peerOf(arrival);
  const from = nameOfPeer(peer, arrival);
  const advice = trustAdvice(peer, from);
  const add = advice === undefined ? "no option can trust such a peer" : `if it is a proxy of yours, add ${advice}`;
  const [told] = protocolsFromRight(arrival, header);
  if (told === undefined) {
    return `plain HTTP from ${from}, and no protocol in ${name}; serve HTTPS, or set https: "off" to accept plain HTTP; ${add}`;
  }
  const now = trust.named ? "" : " (without the option, loopback alone is)";
  return `\`${name}: ${clipped(told)}\` came from ${from}, which is not trusted${now}; ${add}; Express's \`trust proxy\` is not read`;
}
