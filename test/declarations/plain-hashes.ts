/** A hash with the secret in it. */
import { defineProvider } from "@countersign/core";

export const plainHashes = [
  defineProvider({
    name: "hubspot-v1",
    algorithm: "sha256",
    secret: "utf8",
    signature: { from: "header:x-hubspot-signature", encoding: "hex" },
    content: "{secret}{body}",
    id: ["json:*.eventId", "json:*.subscriptionId", "json:*.occurredAt"],
    type: "json:*.subscriptionType",
    answerWithin: 5,
    tenant: "json:*.portalId",
  }),
  defineProvider({
    name: "hubspot-v2",
    algorithm: "sha256",
    secret: "utf8",
    methods: ["POST", "GET"],
    signature: { from: "header:x-hubspot-signature", encoding: "hex" },
    content: "{secret}{method}{url}{body}",
  }),
  defineProvider({
    name: "cloudinary",
    algorithm: "sha1",
    secret: "utf8",
    signature: { from: "header:x-cld-signature", encoding: "hex" },
    content: "{body}{timestamp}{secret}",
    timestamp: { from: "header:x-cld-timestamp", unit: "s", tolerance: { past: 7200, future: 300 } },
    id: "json:request_id",
    type: "json:notification_type",
    signedAnew: true,
  }),
];
