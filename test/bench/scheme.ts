import type { Provider } from "@countersign/core";
import { github } from "@countersign/providers/github";
import { shopify } from "@countersign/providers/shopify";
import { slack } from "@countersign/providers/slack";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { stripe } from "@countersign/providers/stripe";
import type { Signing } from "./signed-event.js";

/** One sender, as the bench signs for it, verifies by hand, and verifies with the library. */
export interface Scheme {
  readonly name: string;
  readonly signing: Signing;
  provider(): Provider;
  /** What a careful engineer writes: the header's signature in bytes, and what stands before the body under the MAC. */
  naive(headers: Readonly<Record<string, string>>): { readonly prefix: string; readonly signature: Buffer };
  /** Whether the claim's key rests on a signed id; `undefined` where the budget names no such scheme. */
  readonly claims?: "signed id" | "digest of the body" | undefined;
}

const secret = "whsec_b2rKl0zTq9vX3mWc7yHd5eJ1";
const shared = Buffer.from(secret.slice(6), "base64");

export const schemes: readonly Scheme[] = [
  {
    name: "stripe",
    signing: {
      secret,
      prefix: (_id, seconds) => `${seconds}.`,
      headers: (mac, _id, seconds) => ({ "Stripe-Signature": `t=${seconds},v1=${mac.toString("hex")}` }),
    },
    provider: () => stripe({ secret }),
    naive(headers) {
      let stamp = "";
      let hex = "";
      for (const part of headers["stripe-signature"]!.split(",")) {
        if (part.startsWith("t=")) stamp = part.slice(2);
        else if (part.startsWith("v1=")) hex = part.slice(3);
      }
      return { prefix: `${stamp}.`, signature: Buffer.from(hex, "hex") };
    },
    claims: "signed id",
  },
  {
    name: "github",
    signing: {
      secret,
      prefix: () => "",
      headers: (mac, id) => ({
        "X-GitHub-Delivery": id,
        "X-GitHub-Event": "push",
        "X-GitHub-Hook-ID": "292430182",
        "X-Hub-Signature-256": `sha256=${mac.toString("hex")}`,
      }),
    },
    provider: () => github({ secret }),
    naive: (headers) => ({ prefix: "", signature: Buffer.from(headers["x-hub-signature-256"]!.slice(7), "hex") }),
    claims: "digest of the body",
  },
  {
    name: "standard-webhooks",
    signing: {
      secret,
      key: shared,
      prefix: (id, seconds) => `${id}.${seconds}.`,
      headers: (mac, id, seconds) => ({
        "Webhook-Id": id,
        "Webhook-Timestamp": String(seconds),
        "Webhook-Signature": `v1,${mac.toString("base64")}`,
      }),
    },
    provider: () => standardWebhooks({ secret }),
    naive: (headers) => ({
      prefix: `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`,
      signature: Buffer.from(headers["webhook-signature"]!.slice(3), "base64"),
    }),
    claims: "signed id",
  },
  {
    name: "slack",
    signing: {
      secret,
      prefix: (_id, seconds) => `v0:${seconds}:`,
      headers: (mac, _id, seconds) => ({
        "X-Slack-Request-Timestamp": String(seconds),
        "X-Slack-Signature": `v0=${mac.toString("hex")}`,
      }),
    },
    provider: () => slack({ secret }),
    naive: (headers) => ({
      prefix: `v0:${headers["x-slack-request-timestamp"]}:`,
      signature: Buffer.from(headers["x-slack-signature"]!.slice(3), "hex"),
    }),
  },
  {
    name: "shopify",
    signing: {
      secret,
      prefix: () => "",
      headers: (mac, id) => ({
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": "example.myshopify.com",
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": id,
        "X-Shopify-Triggered-At": "2026-11-24T10:00:00.000000000Z",
        "X-Shopify-Hmac-Sha256": mac.toString("base64"),
      }),
    },
    provider: () => shopify({ secret }),
    naive: (headers) => ({ prefix: "", signature: Buffer.from(headers["x-shopify-hmac-sha256"]!, "base64") }),
    claims: "digest of the body",
  },
];
