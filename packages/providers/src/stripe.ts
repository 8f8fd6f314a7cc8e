import { defineProvider, type Preset, type SecretOptions } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/**
 * Stripe. The secret is the endpoint's own, with its `whsec_`.
 *
 * @example
 * const provider = stripe({ secret: [process.env.STRIPE_SECRET, process.env.STRIPE_OLD_SECRET] });
 * @see https://docs.stripe.com/webhooks
 */
export const stripe: Preset<SecretOptions> = defineProvider({
  name: "stripe",
  docs: "https://docs.stripe.com/webhooks",
  checked: "2026-11-24",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:stripe-signature", separator: ",", prefix: "v1=", encoding: "hex" }, // v0 is a decoy of test mode
  content: "{timestamp}.{body}",
  timestamp: { from: "field:t", unit: "s", tolerance: 300 },
  signedAnew: true,
  id: "json:id",
  type: "json:type",
  retriesFor: 259_200,
  sources: "https://stripe.com/files/ips/ips_webhooks.txt",
});
