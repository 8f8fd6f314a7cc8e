import { defineProvider, type Preset, type PublicKeyOptions, type SecretOptions, scheme } from "@countersign/core";
import { standardV1, standardV1a } from "./standard-webhooks-schemes.js";

export type { Provider, WebhookEvent } from "@countersign/core";

/** A secret, a public key, or both: during a move from `v1` to `v1a` a delivery may carry either. */
export type StandardWebhooksOptions = (SecretOptions & Partial<PublicKeyOptions>) | (Partial<SecretOptions> & PublicKeyOptions);

/**
 * Standard Webhooks, for every sender that follows the specification.
 *
 * @example
 * const provider = standardWebhooks({ secret: process.env.WEBHOOK_SECRET }); // "whsec_..."
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooks: Preset<StandardWebhooksOptions> = defineProvider({
  name: "standard-webhooks",
  docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
  checked: "2026-11-24",
  type: "json:type",
  schemes: [scheme(standardV1), scheme(standardV1a)],
});
