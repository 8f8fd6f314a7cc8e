import { defineProvider, type Preset, type SecretOptions, scheme } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/** Seconds; retries may carry the first signature, so the window covers the schedule (10, 10, 15, 30 min, 1, 2, 4 h). */
const tolerance = { past: 29_100, future: 300 } as const;
const hmac = { algorithm: "hmac-sha256", secret: "utf8", unique: "stamped" } as const;

/**
 * Mailgun. The proof stands in the body and covers a timestamp and a nonce alone: nothing else of the payload is signed, and
 * `event.signed.payload` says so. The secret is the account's HTTP webhook signing key.
 *
 * @example
 * const provider = mailgun({ secret: process.env.MAILGUN_SIGNING_KEY });
 * @see https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
export const mailgun: Preset<SecretOptions> = defineProvider({
  name: "mailgun",
  docs: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
  checked: "2026-11-24",
  schemes: [
    scheme({
      ...hmac,
      signature: { from: "json:signature.signature", encoding: "hex" },
      content: "{timestamp}{json:signature.token}",
      timestamp: { from: "json:signature.timestamp", unit: "s", tolerance },
      id: "json:event-data.id",
      type: "json:event-data.event",
    }),
    scheme({
      // routes and the webhooks before 2018
      ...hmac,
      signature: { from: "form:signature", encoding: "hex" },
      content: "{timestamp}{form:token}",
      timestamp: { from: "form:timestamp", unit: "s", tolerance },
      type: "form:event",
    }),
  ],
  retriesFor: 28_800,
});
