/** Standard Webhooks and what speaks it: the id is signed, and each retry is signed anew. */
import { defineProvider, scheme } from "@countersign/core";

const standard = {
  id: "header:webhook-id",
  timestamp: { from: "header:webhook-timestamp", unit: "s", tolerance: 300 },
  content: "{id}.{timestamp}.{body}",
  signedAnew: true,
} as const;
const svixes = {
  id: "header:svix-id",
  timestamp: { from: "header:svix-timestamp", unit: "s", tolerance: 300 },
  content: "{id}.{timestamp}.{body}",
  signedAnew: true,
} as const;
const whsec = { algorithm: "hmac-sha256", secret: { prefix: "whsec_", encoding: "base64" } } as const;
const whpk = { algorithm: "ed25519", publicKey: { prefix: "whpk_", encoding: "raw-base64" } } as const;
const standardV1 = {
  ...whsec,
  ...standard,
  signature: { from: "header:webhook-signature", separator: " ", prefix: "v1,", encoding: "base64" },
} as const;
const standardV1a = {
  ...whpk,
  ...standard,
  signature: { from: "header:webhook-signature", separator: " ", prefix: "v1a,", encoding: "base64" },
} as const;
const svixV1 = {
  ...whsec,
  ...svixes,
  signature: { from: "header:svix-signature", separator: " ", prefix: "v1,", encoding: "base64" },
} as const;
const svixV1a = {
  ...whpk,
  ...svixes,
  signature: { from: "header:svix-signature", separator: " ", prefix: "v1a,", encoding: "base64" },
} as const;

export const standardWebhooks = [
  defineProvider({ name: "standard-webhooks", type: "json:type", schemes: [scheme(standardV1), scheme(standardV1a)] }),
  defineProvider({
    name: "svix",
    schemes: [scheme(svixV1), scheme(svixV1a), scheme(standardV1), scheme(standardV1a)],
    answerWithin: 15,
    retriesFor: 99_305,
  }),
  defineProvider({ name: "clerk", ...svixV1, type: "json:type" }),
  defineProvider({ name: "resend", ...svixV1, type: "json:type" }),
  defineProvider({ name: "openai", ...standardV1, type: "json:type" }),
  defineProvider({ name: "anthropic", ...standardV1, type: "json:type" }),
  defineProvider({ name: "replicate", ...standardV1, type: "json:status" }),
  // whole text is the key
  defineProvider({ name: "polar", ...standardV1, secret: "utf8", type: "json:type" }),
  defineProvider({ name: "dodo-payments", ...standardV1, type: "json:type" }),
  defineProvider({ name: "liveblocks", ...standardV1, type: "json:type" }),
  defineProvider({ name: "gitlab-signing-token", ...standardV1, type: "header:x-gitlab-event" }),
];
