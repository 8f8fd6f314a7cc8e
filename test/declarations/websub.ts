/** WebSub: the sender chooses among hashes, and the subscriber names the topic. */
import { defineProvider, scheme } from "@countersign/core";
import { overBody } from "./recurring-words.js";

export const websub = [
  defineProvider({
    name: "websub",
    options: { topic: "text" },
    schemes: [
      scheme({ ...overBody, signature: { from: "header:x-hub-signature", prefix: "sha256=", encoding: "hex" } }),
      scheme({ ...overBody, algorithm: "hmac-sha384", signature: { from: "header:x-hub-signature", prefix: "sha384=", encoding: "hex" } }),
      scheme({ ...overBody, algorithm: "hmac-sha512", signature: { from: "header:x-hub-signature", prefix: "sha512=", encoding: "hex" } }),
    ],
    handshake: [
      {
        when: { method: "GET", "query:hub.mode": "subscribe", "query:hub.topic": "{option:topic}" },
        unsigned: true,
        reply: { text: "{query:hub.challenge}" },
      },
      { when: { method: "GET", "query:hub.mode": "denied", "query:hub.topic": "{option:topic}" }, unsigned: true, reply: {} },
    ],
  }),
];
