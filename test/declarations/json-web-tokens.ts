/** JSON Web Tokens. */
import { defineProvider } from "@countersign/core";
import { jwt, keyFetcher } from "./mechanisms.js";

export const jsonWebTokens = [
  defineProvider({
    name: "netlify",
    algorithm: "jwt-hs256",
    mechanism: jwt,
    secret: "utf8",
    token: { from: "header:x-webhook-signature" },
    require: { "claim:iss": "netlify", "claim:sha256": "{body|sha256-hex}" },
    id: "json:id",
    type: "header:x-netlify-event",
  }),
  defineProvider({
    name: "livekit",
    algorithm: "jwt-hs256",
    mechanism: jwt,
    secret: "utf8",
    options: { apiKey: "text" },
    token: { from: "header:authorization" },
    require: { "claim:iss": "{option:apiKey}", "claim:sha256": "{body|sha256-base64}" },
    id: "json:id",
    type: "json:event",
  }),
  defineProvider({
    name: "upstash-qstash",
    algorithm: "jwt-hs256",
    mechanism: jwt,
    secret: "utf8",
    token: { from: "header:upstash-signature" },
    require: { "claim:iss": "Upstash", "claim:sub": "{publicUrl}", "claim:body": "{body|sha256-base64url}" },
    id: "header:upstash-message-id",
  }),
  defineProvider({
    name: "messagebird",
    algorithm: "jwt-hs256",
    mechanism: jwt,
    secret: "utf8",
    token: { from: "header:messagebird-signature-jwt" },
    require: { "claim:iss": "MessageBird", "claim:url_hash": "{url|sha256-hex}", "claim:payload_hash": "{body|sha256-hex}" },
    id: "claim:jti",
  }),
  defineProvider({
    name: "monday",
    algorithm: "jwt-hs256",
    mechanism: jwt,
    secret: "utf8",
    token: { from: "header:authorization" },
    require: { "claim:aud": "{publicUrl}" },
    id: "json:event.triggerUuid",
    type: "json:event.type",
    handshake: [
      { when: { "json:challenge": true, "json:event": false }, unsigned: true, reply: { json: { challenge: "{json:challenge}" } } },
    ],
  }),
  defineProvider({
    name: "google-pubsub-push",
    algorithm: "jwt-rs256",
    mechanism: jwt,
    publicKey: { url: "https://www.googleapis.com/oauth2/v3/certs", as: "jwks", mechanism: keyFetcher },
    options: { audience: "text", serviceAccount: "text" },
    token: { from: "header:authorization", prefix: "Bearer " },
    require: {
      "claim:iss": "https://accounts.google.com",
      "claim:aud": "{option:audience}",
      "claim:email": "{option:serviceAccount}",
      "claim:email_verified": "true",
    },
    id: "json:message.messageId",
  }),
];
