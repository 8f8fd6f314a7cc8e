/** The URL or the method is signed. */
import { defineProvider, scheme } from "@countersign/core";
import { hmac } from "./recurring-words.js";

export const urlSigned = [
  defineProvider({
    name: "square",
    ...hmac,
    signature: { from: "header:x-square-hmacsha256-signature", encoding: "base64" },
    content: "{publicUrl}{body}",
    id: "json:event_id",
    type: "json:type",
    answerWithin: 10,
    retriesFor: 86_400,
  }),
  defineProvider({
    name: "twilio",
    methods: ["POST", "GET"],
    id: { either: ["header:i-twilio-idempotency-token", "form:MessageSid", "form:CallSid"] },
    answerWithin: 15,
    schemes: [
      scheme({
        algorithm: "hmac-sha1",
        secret: "utf8",
        signature: { from: "header:x-twilio-signature", encoding: "base64" },
        when: { "query:bodySHA256": false },
        content: "{url}{params}",
      }),
      scheme({
        algorithm: "hmac-sha1",
        secret: "utf8",
        signature: { from: "header:x-twilio-signature", encoding: "base64" },
        when: { "query:bodySHA256": true },
        content: "{url}",
        require: { "query:bodySHA256": "{body|sha256-hex}" },
      }),
    ],
  }),
  defineProvider({
    name: "trello",
    ...hmac,
    algorithm: "hmac-sha1",
    signature: { from: "header:x-trello-webhook", encoding: "base64" },
    content: "{body}{publicUrl}",
    id: "json:action.id",
    type: "json:action.type",
    handshake: [{ when: { method: "HEAD" }, unsigned: true, reply: {} }],
  }),
  defineProvider({
    name: "hubspot-v3",
    ...hmac,
    methods: ["POST", "GET", "PUT", "PATCH", "DELETE"],
    signature: { from: "header:x-hubspot-signature-v3", encoding: "base64" },
    content: "{method}{url|unescape}{body}{timestamp}",
    timestamp: { from: "header:x-hubspot-request-timestamp", unit: "ms", tolerance: 300 },
    id: "json:*.eventId",
    type: "json:*.subscriptionType",
    signedAnew: true,
    tenant: "json:*.portalId",
  }),
  defineProvider({
    name: "mercado-pago",
    ...hmac,
    signature: { from: "header:x-signature", separator: ",", prefix: "v1=", encoding: "hex" },
    content: "[id:{query:data.id|lower};][request-id:{header:x-request-id};]ts:{timestamp};",
    timestamp: { from: "field:ts", unit: "epoch", tolerance: 300 },
    id: "json:id",
    type: { either: ["json:action", "json:type"] },
  }),
];
