/** One token for all deliveries. */
import { defineProvider, scheme } from "@countersign/core";
import { token } from "./recurring-words.js";

const named = { options: { header: { default: "authorization" } }, token: { from: "header:{option:header}" } } as const;

export const sharedTokens = [
  defineProvider({ name: "generic-shared-token", ...token, ...named }),
  defineProvider({
    name: "gitlab",
    ...token,
    token: { from: "header:x-gitlab-token" },
    id: "header:idempotency-key",
    type: "header:x-gitlab-event",
    answerWithin: 10,
  }),
  defineProvider({
    name: "postmark",
    ...token,
    token: { from: "header:authorization", prefix: "Basic ", encoding: "base64" },
    id: ["json:MessageID", "json:RecordType"],
    type: "json:RecordType",
  }),
  defineProvider({
    name: "figma",
    ...token,
    token: { from: "json:passcode" },
    timestamp: { from: "json:timestamp", unit: "iso", tolerance: "unchecked" },
    id: ["json:webhook_id", "json:timestamp"],
    type: "json:event_type",
    handshake: [{ when: { "json:event_type": "PING" }, reply: {} }],
  }),
  defineProvider({
    name: "okta",
    ...token,
    ...named,
    timestamp: { from: "json:eventTime", unit: "iso", tolerance: "unchecked" },
    id: "json:eventId",
    type: "json:data.events.*.eventType",
    handshake: [
      {
        when: { method: "GET", "header:x-okta-verification-challenge": true },
        unsigned: true,
        reply: { json: { verification: "{header:x-okta-verification-challenge}" } },
      },
    ],
    success: { status: 204 },
    answerWithin: 3,
  }),
  defineProvider({
    name: "auth0",
    ...token,
    ...named,
    id: { either: ["json:*.log_id", "json:id"] },
    type: { either: ["json:*.data.type", "json:type"] },
  }),
  defineProvider({ name: "datadog", ...token, ...named }),
  defineProvider({
    name: "bigcommerce",
    ...token,
    ...named,
    timestamp: { from: "json:created_at", unit: "s", tolerance: "unchecked" },
    type: "json:scope",
  }),
  defineProvider({
    name: "telegram",
    ...token,
    token: { from: "header:x-telegram-bot-api-secret-token" },
    id: "json:update_id",
    type: { keyBesides: ["update_id"] },
  }),
  defineProvider({
    name: "flutterwave-v3",
    ...token,
    token: { from: "header:verif-hash" },
    id: "json:data.id",
    type: "json:event",
    answerWithin: 60,
  }),
  defineProvider({
    name: "docker-hub",
    ...token,
    options: { parameter: { default: "token" } },
    token: { from: "query:{option:parameter}" },
    timestamp: { from: "json:push_data.pushed_at", unit: "s", tolerance: "unchecked" },
    id: "json:callback_url",
  }),
  defineProvider({
    name: "azure-event-grid",
    ...token,
    options: { parameter: { default: "token" } },
    token: { from: "query:{option:parameter}" },
    id: { either: ["json:*.id", "json:id"] },
    type: { either: ["json:*.eventType", "json:type"] },
    handshake: [
      {
        when: { "header:aeg-event-type": "SubscriptionValidation" },
        reply: { json: { validationResponse: "{json:*.data.validationCode}" } },
      },
      {
        when: { method: "OPTIONS", "header:webhook-request-origin": "eventgrid.azure.net" },
        unsigned: true,
        reply: { headers: { "webhook-allowed-origin": "eventgrid.azure.net", "webhook-allowed-rate": "120" } },
      },
    ],
    answerWithin: 30,
  }),
  defineProvider({
    name: "cloudevents-webhook",
    options: { origin: "text" },
    id: { either: ["header:ce-id", "json:id"] },
    type: { either: ["header:ce-type", "json:type"] },
    schemes: [
      scheme({
        ...token,
        token: { from: "header:authorization", prefix: "Bearer " },
        timestamp: { from: "header:ce-time", unit: "iso", tolerance: "unchecked" },
      }),
      scheme({
        ...token,
        token: { from: "query:access_token" },
        timestamp: { from: "header:ce-time", unit: "iso", tolerance: "unchecked" },
      }),
    ],
    handshake: [
      {
        when: { method: "OPTIONS", "header:webhook-request-origin": "{option:origin}" },
        unsigned: true,
        reply: { headers: { "webhook-allowed-origin": "{option:origin}", "webhook-allowed-rate": "*", allow: "POST" } },
      },
    ],
  }),
];
