import { defineProvider, type Preset, type SecretOptions, scheme } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

const overBody = { algorithm: "hmac-sha256", secret: "utf8", content: "{body}" } as const;

/**
 * Shopify. The secret is the app's client secret; webhooks made in a shop's admin are signed with a key of that shop.
 * Shop, topic and id stand in headers that nobody signs.
 *
 * @example
 * const provider = shopify({ secret: process.env.SHOPIFY_API_SECRET });
 * @see https://shopify.dev/docs/apps/build/webhooks/subscribe/https
 */
export const shopify: Preset<SecretOptions> = defineProvider({
  name: "shopify",
  docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
  checked: "2026-11-24",
  answerWithin: 5,
  retriesFor: 14_400,
  payload: "json",
  schemes: [
    scheme({
      ...overBody,
      signature: { from: "header:x-shopify-hmac-sha256", encoding: "base64" },
      id: "header:x-shopify-webhook-id",
      type: "header:x-shopify-topic",
      tenant: "header:x-shopify-shop-domain",
      timestamp: { from: "header:x-shopify-triggered-at", unit: "iso", tolerance: "unchecked" },
    }),
    scheme({
      // the Events product drops the prefix
      ...overBody,
      signature: { from: "header:shopify-hmac-sha256", encoding: "base64" },
      id: "header:shopify-webhook-id",
      type: "header:shopify-topic",
      tenant: "header:shopify-shop-domain",
      timestamp: { from: "header:shopify-triggered-at", unit: "iso", tolerance: "unchecked" },
    }),
  ],
});
