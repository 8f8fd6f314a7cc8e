import { defineProvider, type Preset, type SecretOptions } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/**
 * GitHub, as JSON or as a form. The delivery's id and the event's type are not signed, and the body may recur.
 *
 * @example
 * const provider = github<{ push: { ref: string } }>({ secret: process.env.GITHUB_SECRET });
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github: Preset<SecretOptions> = defineProvider({
  name: "github",
  docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  checked: "2026-11-24",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:x-hub-signature-256", prefix: "sha256=", encoding: "hex" },
  content: "{body}",
  payload: "form:payload",
  id: "header:x-github-delivery", // a redelivery keeps it
  type: "header:x-github-event",
  answerWithin: 10,
  maxBytes: 26_214_400, // GitHub caps a payload at 25 MB
  sources: "https://api.github.com/meta",
});
