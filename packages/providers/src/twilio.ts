import { defineProvider, type Preset, type SecretOptions, scheme, type UrlOptions } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

const hmac = { algorithm: "hmac-sha1", secret: "utf8", signature: { from: "header:x-twilio-signature", encoding: "base64" } } as const;
/** Without this condition a JSON delivery whose body was taken away would verify as an empty form. */
const form = { ...hmac, when: { "query:bodySHA256": false } } as const;
const json = { ...hmac, when: { "query:bodySHA256": true }, require: { "query:bodySHA256": "{body|sha256-hex}" } } as const;

/**
 * Twilio: forms, JSON (`bodySHA256`) and GET, whose payload is its query. `publicUrl` is the URL as it stands in Twilio's console; its standard port may be
 * signed or not, as in Twilio's own library. The token of the account is the secret.
 *
 * @example
 * const provider = twilio({ secret: process.env.TWILIO_AUTH_TOKEN, publicUrl: "https://example.com/webhooks/twilio" });
 * @see https://www.twilio.com/docs/usage/security
 */
export const twilio: Preset<SecretOptions & UrlOptions> = defineProvider({
  name: "twilio",
  docs: "https://www.twilio.com/docs/usage/security",
  checked: "2026-11-24",
  methods: ["POST", "GET"],
  id: "header:i-twilio-idempotency-token", // a MessageSid or CallSid names many callbacks
  type: {
    either: ["form:MessageStatus", "form:CallStatus", "form:SmsStatus", "query:MessageStatus", "query:CallStatus", "query:SmsStatus"],
  },
  schemes: [
    scheme({ ...form, content: "{url}{params}" }),
    scheme({ ...form, content: "{url|portless}{params}" }),
    scheme({ ...form, content: "{url|port}{params}" }),
    scheme({ ...json, content: "{url}" }),
    scheme({ ...json, content: "{url|portless}" }),
    scheme({ ...json, content: "{url|port}" }),
  ],
  answerWithin: 15,
});
