import type { Refusal } from "../errors.js";
import { seen } from "../seen.js";
import { oneOf, unexpected } from "../unexpected.js";
import { createAddressCheck } from "./allowlist.js";
import type { Arrival } from "./arrival.js";
import { checkHttps } from "./https.js";
import { createTrustedProxies } from "./trusted-proxies.js";

export type { Arrival, HeaderLines } from "./arrival.js";

/** What the verifier's user decides about the network. */
export interface NetworkOptions {
  /** Whether a delivery must have come over HTTPS. @default "required" */
  readonly https?: "required" | "off" | undefined;
  /**
   * The addresses and CIDRs that may deliver; an empty list denies all. Left out, every address may; `undefined` is refused, since
   * a missing environment variable must not open the door.
   */
  readonly allow?: readonly string[] | undefined;
  /**
   * Who may speak of the client's address and protocol: addresses, CIDRs, `"loopback"`, `"link-local"`, `"private"` (RFC 1918 and
   * fc00::/7), `"unix"` (connections that never had an address); or how many proxies stand in front, on platforms that publish no
   * addresses. Counting is the weaker choice: it believes whoever can reach this server past the proxies.
   *
   * @default loopback, for the protocol alone: without this option no header is believed about the address
   */
  readonly trustedProxies?: readonly string[] | { readonly hops: number } | undefined;
  /**
   * The one header that tells the client's address: `"x-forwarded-for"`, `"forwarded"` (RFC 7239, which then tells the protocol
   * too), or one that carries a single address, such as `"cf-connecting-ip"`.
   *
   * @default "x-forwarded-for"
   */
  readonly forwardedHeader?: string | undefined;
}

/** Something that the operator should know, though nothing was refused. */
export interface NetworkNotice {
  readonly code: string;
  readonly detail: string;
}

/** Judges where deliveries come from. */
export interface Network {
  /** Refuses by HTTPS_REQUIRED, then ADDRESS_UNKNOWN or ADDRESS_NOT_ALLOWED; `undefined` lets the delivery pass. */
  check(arrival: Arrival): Refusal | undefined;
}

/**
 * Makes the checks of HTTPS and source address.
 *
 * @param options - The whole options object: whether `allow` was left out or is `undefined` makes a difference.
 * @param say - Is told once of plain HTTP accepted for local development, with code `LOCAL_HTTP`.
 * @param environment - `nodeEnv` is NODE_ENV: under `production` there is no local development.
 * @throws ConfigurationError naming the option, what was seen and what is expected.
 */
export function createNetwork(
  options: NetworkOptions,
  say: (notice: NetworkNotice) => void,
  environment: { readonly nodeEnv: string | undefined },
): Network {
  const https = oneOf("https", options.https, ["required", "off"]);
  const header = readForwardedHeader(options.forwardedHeader);
  const trust = createTrustedProxies(options.trustedProxies);
  const checkAddress = "allow" in options ? createAddressCheck(options.allow, header, trust) : undefined;
  let said = false;
  const onLocal = (): void => {
    if (said) return;
    said = true;
    const detail = "plain HTTP from this machine is accepted for local development; with NODE_ENV=production it is refused";
    say({ code: "LOCAL_HTTP", detail });
  };
  const settings = { header, trust, nodeEnv: environment.nodeEnv, onLocal };
  return {
    check(arrival) {
      const refusal = https === "required" ? checkHttps(arrival, settings) : undefined;
      return refusal ?? checkAddress?.(arrival);
    },
  };
}

/** The characters of a header's name. @see RFC 9110 section 5.6.2 */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function readForwardedHeader(value: unknown): string {
  if (value === undefined) return "x-forwarded-for";
  if (typeof value === "string" && TOKEN.test(value)) return value.toLowerCase();
  throw unexpected(
    "forwardedHeader",
    seen(value),
    '"x-forwarded-for", "forwarded", or a header with a single address, such as "x-real-ip"',
  );
}
