import { defineProvider, type Preset, type SecretOptions } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/** The token that the app's dashboard asks for beside the callback URL; the app's secret is another. */
export interface MetaOptions extends SecretOptions {
  /** `undefined` is allowed for an environment variable, and throws. */
  readonly verifyToken: string | undefined;
}

/**
 * Meta: Facebook, Instagram and Messenger. Mount it for GET too, where the subscription is verified. A delivery names no event and
 * may hold up to a thousand changes.
 *
 * @example
 * const provider = meta({ secret: process.env.META_APP_SECRET, verifyToken: process.env.META_VERIFY_TOKEN });
 * @see https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export const meta: Preset<MetaOptions> = defineProvider({
  name: "meta",
  docs: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  checked: "2026-11-24",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:x-hub-signature-256", prefix: "sha256=", encoding: "hex" },
  content: "{body}",
  type: "json:object",
  options: { verifyToken: "secret" },
  handshake: [
    {
      when: { method: "GET", "query:hub.mode": "subscribe", "query:hub.verify_token": "{option:verifyToken}" },
      unsigned: true,
      reply: { text: "{query:hub.challenge}" },
    },
  ],
  retriesFor: 129_600,
});
