import { defineProvider, type Preset, type SecretOptions, scheme } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

const hmac = {
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:x-slack-signature", prefix: "v0=", encoding: "hex" },
  content: "v0:{timestamp}:{body}",
  timestamp: { from: "header:x-slack-request-timestamp", unit: "s", tolerance: 300 },
  signedAnew: true, // its own SDK refuses what is older than five minutes
} as const;

/**
 * Slack: the Events API with its challenge, interactivity (JSON in a form) and slash commands (a form).
 *
 * @example
 * const provider = slack({ secret: process.env.SLACK_SIGNING_SECRET });
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const slack: Preset<SecretOptions> = defineProvider({
  name: "slack",
  docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
  checked: "2026-11-24",
  payload: "form:payload",
  type: { either: ["json:event.type", "json:type", "form:command"] },
  handshake: [
    { when: { "json:type": "url_verification" }, reply: { text: "{json:challenge}" } },
    // the certificate check comes unsigned: https://github.com/slackapi/bolt-js/issues/1397
    { when: { "header:x-slack-signature": false, "form:ssl_check": "1" }, unsigned: true, reply: {} },
    { when: { method: "GET", "query:ssl_check": "1" }, unsigned: true, reply: {} },
    { when: { "form:ssl_check": "1" }, reply: {} },
  ],
  schemes: [
    scheme({ ...hmac, when: { body: "json" }, unique: "body", id: "json:event_id" }),
    // commands and interactions are not retried, and some that may honestly recur hold nothing but what the user did
    scheme({ ...hmac, when: { body: "form" }, unique: "stamped", id: { either: ["json:trigger_id", "form:trigger_id"] } }),
  ],
  answerWithin: 3,
  retriesFor: 600,
});
