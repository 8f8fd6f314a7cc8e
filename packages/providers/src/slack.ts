import { defineProvider, type Preset, type SecretOptions } from "@countersign/core";

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
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:x-slack-signature", prefix: "v0=", encoding: "hex" },
  content: "v0:{timestamp}:{body}",
  timestamp: { from: "header:x-slack-request-timestamp", unit: "s", tolerance: 300 },
  signedAnew: true, // its own SDK refuses what is older than five minutes
  unique: "body", // commands and interactions carry a trigger_id
  payload: "form:payload",
  id: "json:event_id",
  type: { either: ["json:event.type", "json:type", "form:command"] },
  handshake: [
    { when: { "json:type": "url_verification" }, reply: { text: "{json:challenge}" } },
    // the certificate check comes unsigned: https://github.com/slackapi/bolt-js/issues/1397
    { when: { "header:x-slack-signature": false, "form:ssl_check": "1" }, unsigned: true, reply: {} },
    { when: { "form:ssl_check": "1" }, reply: {} },
  ],
  answerWithin: 3,
  retriesFor: 600,
});
