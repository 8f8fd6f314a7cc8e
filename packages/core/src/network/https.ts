import { Refusal } from "../errors.js";
import { type Arrival, peerOf } from "./arrival.js";
import { strangerDetail, trustedDetail } from "./https-detail.js";
import { whyNotLocal } from "./local-request.js";
import { toldByTrusted } from "./told-protocol.js";
import type { TrustedProxies } from "./trusted-proxies.js";

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
  const told = trusted ? toldByTrusted(arrival, header, trust) : undefined;
  if (told?.protocol === "https") return undefined;
  const hindrance = whyNotExempt(arrival, settings);
  if (hindrance !== undefined) {
    const detail = trusted ? trustedDetail(arrival, header, told, hindrance) : strangerDetail(arrival, header, trust);
    return new Refusal("HTTPS_REQUIRED", detail);
  }
  settings.onLocal();
  return undefined;
}

/** Tells what keeps plain HTTP from passing for local development; `undefined` if nothing does. */
function whyNotExempt(arrival: Arrival, { header, trust, nodeEnv }: HttpsSettings): string | undefined {
  if (trust.named) return "trustedProxies is set";
  if (nodeEnv === "production") return "NODE_ENV is production";
  return whyNotLocal(arrival, header);
}
