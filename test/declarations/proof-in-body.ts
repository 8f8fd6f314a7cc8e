/** The proof stands in the body, which is parsed before it is verified. */
import { defineProvider } from "@countersign/core";
import { hmac } from "./recurring-words.js";

export const proofInBody = [
  defineProvider({
    name: "mailgun",
    ...hmac,
    signature: { from: "json:signature.signature", encoding: "hex" },
    content: "{timestamp}{json:signature.token}",
    timestamp: { from: "json:signature.timestamp", unit: "s", tolerance: { past: 29_100, future: 300 } },
    id: "json:event-data.id",
    type: "json:event-data.event",
    retriesFor: 28_800,
    unique: "stamped",
  }),
  defineProvider({
    name: "adyen",
    ...hmac,
    secret: "hex",
    payload: "json:notificationItems.*.NotificationRequestItem",
    signature: { from: "json:additionalData.hmacSignature", encoding: "base64" },
    content:
      "{json:pspReference}:[{json:originalReference}]:[{json:merchantAccountCode}]:[{json:merchantReference}]:[{json:amount.value}]:[{json:amount.currency}]:[{json:eventCode}]:[{json:success}]",
    timestamp: { from: "json:eventDate", unit: "iso", tolerance: "unchecked" },
    id: ["json:pspReference", "json:eventCode", "json:success"],
    type: "json:eventCode",
    success: { text: "[accepted]" },
  }),
  defineProvider({
    name: "dropbox-sign",
    ...hmac,
    payload: "form:json",
    signature: { from: "json:event.event_hash", encoding: "hex" },
    content: "{timestamp}{json:event.event_type}",
    timestamp: { from: "json:event.event_time", unit: "s", tolerance: "unchecked" },
    type: "json:event.event_type", // event_hash is no id: equal for two events of a type in one second
    success: { text: "Hello API Event Received" },
  }),
];
