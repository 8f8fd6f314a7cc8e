/** Providers whose official SDK only verifies: deliveries are signed by the documented rule, and the SDK vouches for them. */
import { createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { discord } from "@countersign/providers/discord";
import { shopify } from "@countersign/providers/shopify";
import { slack } from "@countersign/providers/slack";
import "@shopify/shopify-api/adapters/node";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import { isValidSlackRequest } from "@slack/bolt";
import { verifyKey } from "discord-interactions";
import { type Contact, fresh, headerOf, toSeconds } from "./contact.js";

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

const SLACK = { first: "8f742231b10e8888abcd99yyyzzz85a5", another: "another" };

function slackContact(name: string, type: Readonly<Record<string, string>>, toPayload: () => Record<string, unknown>): Contact {
  const path = `/${name.toLowerCase().replaceAll(" ", "-")}`;
  const toBody = (payload: Record<string, unknown>): string =>
    type === JSON_TYPE ? JSON.stringify(payload) : new URLSearchParams(payload as Record<string, string>).toString();
  return {
    name,
    sdk: "@slack/bolt",
    signs: "rule",
    provider: slack({ secret: SLACK.first }),
    path,
    sign(secret) {
      const [seconds, body] = [toSeconds(), toBody(toPayload())];
      const mac = createHmac("sha256", SLACK[secret ?? "first"])
        .update(`v0:${seconds}:${body}`)
        .digest("hex");
      const headers = { ...type, "x-slack-request-timestamp": seconds, "x-slack-signature": `v0=${mac}` };
      return { method: "POST", url: path, headers, body };
    },
    verify: (sent) =>
      isValidSlackRequest({
        signingSecret: SLACK.first,
        body: sent.body,
        headers: {
          "x-slack-signature": headerOf(sent, "x-slack-signature"),
          "x-slack-request-timestamp": Number(headerOf(sent, "x-slack-request-timestamp")),
        },
      }),
    // what stands in the form's field `payload` is the payload of ours
    ours() {
      const payload = toPayload();
      return { payload: typeof payload.payload === "string" ? JSON.parse(payload.payload) : payload, headers: type };
    },
    signature: "x-slack-signature",
    covers: ["x-slack-request-timestamp"],
  };
}

const SHOPIFY = { first: "hush", another: "another" };
const api = shopifyApi({
  apiSecretKey: SHOPIFY.first,
  apiKey: "key",
  apiVersion: ApiVersion.October25,
  hostName: "example.com",
  isEmbeddedApp: false,
  logger: { log: () => {} },
});

function shopifyContact(name: string, prefix: "x-shopify" | "shopify"): Contact {
  const path = `/${name.toLowerCase().replaceAll(" ", "-")}`;
  const payload = () => ({ id: fresh(), note: "genuine ü" });
  const others = () => ({
    ...JSON_TYPE,
    [`${prefix}-webhook-id`]: fresh(),
    [`${prefix}-topic`]: "orders/create",
    [`${prefix}-shop-domain`]: "one.myshopify.com",
    [`${prefix}-api-version`]: "2025-10",
    [`${prefix}-triggered-at`]: new Date().toISOString(),
    [`${prefix}-event-id`]: fresh(),
    ...(prefix === "shopify" && { "shopify-handle": "order", "shopify-action": "create", "shopify-resource-id": "1" }),
  });
  return {
    name,
    sdk: "@shopify/shopify-api",
    signs: "rule",
    provider: shopify({ secret: SHOPIFY.first }),
    path,
    sign(secret) {
      const body = JSON.stringify(payload());
      const mac = createHmac("sha256", SHOPIFY[secret ?? "first"])
        .update(body)
        .digest("base64");
      return { method: "POST", url: path, headers: { ...others(), [`${prefix}-hmac-sha256`]: mac }, body };
    },
    async verify({ method, url, headers, body }) {
      return (await api.webhooks.validate({ rawBody: body, rawRequest: { method, url, headers } })).valid;
    },
    ...(prefix === "x-shopify" && { ours: () => ({ payload: payload(), headers: others() }) }),
    signature: `${prefix}-hmac-sha256`,
    covers: [],
  };
}

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const another = generateKeyPairSync("ed25519").privateKey;
const PUBLIC_KEY = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");

const discordContact: Contact = {
  name: "Discord",
  sdk: "discord-interactions",
  signs: "rule",
  provider: discord({ publicKey: PUBLIC_KEY }),
  path: "/discord",
  sign(secret) {
    const [seconds, body] = [toSeconds(), JSON.stringify({ id: fresh(), type: 2, data: { name: "genuine" } })];
    const signature = signBytes(null, Buffer.from(seconds + body), secret === "another" ? another : privateKey).toString("hex");
    const headers = { ...JSON_TYPE, "x-signature-timestamp": seconds, "x-signature-ed25519": signature };
    return { method: "POST", url: "/discord", headers, body };
  },
  verify: (sent) => verifyKey(sent.body, headerOf(sent, "x-signature-ed25519"), headerOf(sent, "x-signature-timestamp"), PUBLIC_KEY),
  ours: () => ({ payload: { id: fresh(), type: 2, data: { name: "genuine" } }, privateKey }),
  signature: "x-signature-ed25519",
  covers: ["x-signature-timestamp"],
};

const slackEvent = () => ({ type: "event_callback", event_id: fresh(), event: { type: "message", text: "genuine ü" } });
const slackCommand = () => ({ command: "/deploy", text: "genuine é + & =", trigger_id: fresh() });
const slackAction = () => ({ payload: JSON.stringify({ type: "block_actions", note: "genuine", trigger_id: fresh() }) });

export const verifyingSdks: readonly Contact[] = [
  slackContact("Slack event", JSON_TYPE, slackEvent),
  slackContact("Slack command", FORM_TYPE, slackCommand),
  slackContact("Slack interaction", FORM_TYPE, slackAction),
  shopifyContact("Shopify", "x-shopify"),
  shopifyContact("Shopify Events", "shopify"),
  discordContact,
];
