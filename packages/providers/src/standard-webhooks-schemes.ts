/** The two versions of Standard Webhooks under the header names that a sender uses. @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */

/** HMAC-SHA256 (`v1`) and Ed25519 (`v1a`); each attempt is signed anew, under one id. */
const shared = { content: "{id}.{timestamp}.{body}", signedAnew: true } as const;
/** The official libraries take a secret with and without its prefix. */
const whsec = { algorithm: "hmac-sha256", secret: { prefix: "whsec_", encoding: "base64", optional: true } } as const;
const whpk = { algorithm: "ed25519", publicKey: { prefix: "whpk_", encoding: "raw-base64" } } as const;

const standard = {
  ...shared,
  id: "header:webhook-id",
  timestamp: { from: "header:webhook-timestamp", unit: "s", tolerance: 300 },
} as const;
const svix = { ...shared, id: "header:svix-id", timestamp: { from: "header:svix-timestamp", unit: "s", tolerance: 300 } } as const;

export const standardV1 = {
  ...whsec,
  ...standard,
  signature: { from: "header:webhook-signature", separator: " ", prefix: "v1,", encoding: "base64" },
} as const;
export const standardV1a = {
  ...whpk,
  ...standard,
  signature: { from: "header:webhook-signature", separator: " ", prefix: "v1a,", encoding: "base64" },
} as const;
export const svixV1 = {
  ...whsec,
  ...svix,
  signature: { from: "header:svix-signature", separator: " ", prefix: "v1,", encoding: "base64" },
} as const;
export const svixV1a = {
  ...whpk,
  ...svix,
  signature: { from: "header:svix-signature", separator: " ", prefix: "v1a,", encoding: "base64" },
} as const;
