import { headerName } from "../seen.js";
import { isLoopback, parseAddress } from "./address.js";
import { type Arrival, type HeaderLines, peerOf } from "./arrival.js";

/** Headers by which a proxy, tunnel or CDN betrays itself. One of them means that the peer on this machine speaks for somebody else. */
const FORWARDING = [
  "forwarded",
  "via",
  "x-forwarded",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-protocol",
  "x-forwarded-scheme",
  "x-forwarded-ssl",
  "x-forwarded-host",
  "x-forwarded-server",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-path",
  "x-forwarded-uri",
  "x-forwarded-by",
  "x-forwarded-user",
  "x-forwarded-client-cert",
  "x-original-forwarded-for",
  "x-original-host",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-envoy-external-address",
  "x-url-scheme",
  "x-scheme",
  "x-arr-ssl",
  "front-end-https",
  "cf-connecting-ip",
  "cf-visitor",
  "cdn-loop",
  "fastly-client-ip",
  "fly-client-ip",
  "true-client-ip",
] as const;

/**
 * Tells what keeps an arrival from being one of this machine to itself, in words for the operator; `undefined` if nothing does.
 *
 * @param header - The header that is configured to tell the client, in lower case.
 */
export function whyNotLocal(arrival: Arrival, header: string): string | undefined {
  const peer = peerOf(arrival);
  if (typeof peer === "string" || !isLoopback(peer)) return "the peer is not this machine";
  const betrayal = [header, ...FORWARDING].find((name) => arrival.headers.values(name).length > 0);
  if (betrayal !== undefined) return `${headerName(betrayal)} is present`;
  return hasLocalHost(arrival.headers) ? undefined : "the Host header does not name this machine";
}

/** One label or more, as they are written in a Host header. */
const LABELS = /^[a-z0-9.-]+$/;
const PORT = /:[0-9]{1,5}$/;

function hasLocalHost(headers: HeaderLines): boolean {
  const [line, ...others] = headers.values("host");
  if (line === undefined || others.length > 0) return false;
  const host = line.replace(PORT, "").toLowerCase();
  if (host === "localhost" || (host.endsWith(".localhost") && LABELS.test(host))) return true;
  const bracketed = host.startsWith("[") && host.endsWith("]");
  // Brackets and colons belong together: `::1` alone would be a host without brackets, or a host and a port.
  if (bracketed !== host.includes(":")) return false;
  const address = parseAddress(bracketed ? host.slice(1, -1) : host);
  return address !== undefined && isLoopback(address);
}
