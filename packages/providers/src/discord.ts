import { defineProvider, type Preset, type PublicKeyOptions } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/**
 * Discord: interactions, which the handler answers, and webhook events. The public key is the application's, in hex.
 *
 * @example
 * const provider = discord({ publicKey: process.env.DISCORD_PUBLIC_KEY });
 * @see https://docs.discord.com/developers/interactions/overview
 */
export const discord: Preset<PublicKeyOptions> = defineProvider({
  name: "discord",
  docs: "https://docs.discord.com/developers/interactions/overview",
  checked: "2026-11-24",
  algorithm: "ed25519",
  publicKey: "raw-hex",
  signature: { from: "header:x-signature-ed25519", encoding: "hex" },
  content: "{timestamp}{body}",
  // events are retried for ten minutes, and nobody says whether they are signed anew
  timestamp: { from: "header:x-signature-timestamp", unit: "s", tolerance: { past: 900, future: 300 } },
  unique: "body",
  id: "json:id",
  type: { either: ["json:event.type", "json:type"] },
  handshake: [
    // an event has type 1 as well, and says what happened
    { when: { "json:type": "1", "json:event.type": false }, reply: { json: { type: 1 } } },
    // its page asks for a content type, though there is no content
    { when: { "json:type": "0" }, reply: { status: 204, headers: { "content-type": "application/json" } } },
  ],
  success: { status: 204 },
  answerWithin: 3,
  retriesFor: 600,
});
