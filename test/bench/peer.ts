/** The peers: each gets headers and body in the form it asks for, does its own work, and parses where it does so itself. */
import { type WebhookPlatform, WebhookVerificationService } from "@hookflo/tern";
import { Webhooks } from "@octokit/webhooks";
import { verify as verifyGithub } from "@octokit/webhooks-methods";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import "@shopify/shopify-api/adapters/node";
import { verifySlackRequest } from "@slack/bolt";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import type { Subject } from "./measure.js";
import type { SignedEvent } from "./signed-event.js";

/** A peer, with whether it leaves the parsing to its user: what ours is compared with then includes `JSON.parse`. */
export interface Peer extends Subject<SignedEvent> {
  readonly scheme: string;
}

type Verify = (event: SignedEvent) => unknown;

/** A peer that answers at once; what it answers must be the event. */
function sync(scheme: string, name: string, verify: Verify): Peer {
  return {
    scheme,
    name,
    prepare: (events) => () => {
      for (const event of events) if (!verify(event)) throw new Error(`${name}: a genuine delivery is refused`);
    },
  };
}

function async(scheme: string, name: string, verify: (event: SignedEvent) => Promise<unknown>, share = 1): Peer {
  return {
    scheme,
    name,
    share,
    prepare: (events) => async () => {
      for (const event of events) if (!(await verify(event))) throw new Error(`${name}: a genuine delivery is refused`);
    },
  };
}

/** Makes the peers of all schemes; `parses` tells in the name where the bench parses after them. */
export function toPeers(secret: string): readonly Peer[] {
  const { webhooks: stripeWebhooks } = new Stripe("sk_test_0");
  const octokit = new Webhooks({ secret });
  octokit.on("push", () => {});
  const standard = new StandardWebhook(secret);
  const svix = new SvixWebhook(secret);
  const shopify = shopifyApi({
    apiKey: "key",
    apiSecretKey: secret,
    hostName: "app.example.com",
    apiVersion: Object.values(ApiVersion).at(-1) as ApiVersion,
    isEmbeddedApp: false,
    logger: { log: () => {} },
  });
  return [
    sync("stripe", "stripe constructEvent", ({ body, headers }) =>
      stripeWebhooks.constructEvent(body, headers["stripe-signature"]!, secret),
    ),
    tern("stripe", "stripe", secret),
    async("github", "@octokit/webhooks-methods + parse", async ({ body, headers }) => {
      const text = body.toString("utf8");
      return (await verifyGithub(secret, text, headers["x-hub-signature-256"]!)) && JSON.parse(text);
    }),
    async("github", "@octokit/webhooks verifyAndReceive", async ({ body, headers }) => {
      await octokit.verifyAndReceive({
        id: headers["x-github-delivery"]!,
        name: headers["x-github-event"]!,
        payload: body.toString("utf8"),
        signature: headers["x-hub-signature-256"]!,
      });
      return true;
    }),
    tern("github", "github", secret),
    sync("standard-webhooks", "standardwebhooks", ({ body, headers }) => standard.verify(body, headers as Record<string, string>)),
    sync("standard-webhooks", "svix", ({ body, headers }) => svix.verify(body, headers as Record<string, string>)),
    sync("slack", "@slack/bolt verifySlackRequest", (event) => slackOf(event, secret)),
    sync("slack", "@slack/bolt verifySlackRequest + parse", (event) => JSON.parse(slackOf(event, secret))),
    async("shopify", "@shopify/shopify-api validate", (event) => shopifyOf(shopify, event).then(({ valid }) => valid), 0.03),
    async(
      "shopify",
      "@shopify/shopify-api validate + parse",
      async (event) => {
        const { valid, text } = await shopifyOf(shopify, event);
        return valid && JSON.parse(text);
      },
      0.03,
    ),
  ];
}

function slackOf({ body, headers }: SignedEvent, signingSecret: string): string {
  const text = body.toString("utf8");
  verifySlackRequest({
    signingSecret,
    body: text,
    headers: {
      "x-slack-signature": headers["x-slack-signature"]!,
      "x-slack-request-timestamp": Number(headers["x-slack-request-timestamp"]),
    },
  });
  return text;
}

async function shopifyOf(api: ReturnType<typeof shopifyApi>, { body, headers }: SignedEvent): Promise<{ valid: boolean; text: string }> {
  const text = body.toString("utf8");
  const { valid } = await api.webhooks.validate({ rawBody: text, rawRequest: { method: "POST", url: "/webhooks", headers } });
  return { valid, text };
}

/** Takes a fetch `Request`; making it is not counted, since some runtimes hand one over. */
function tern(scheme: string, platform: WebhookPlatform, secret: string): Peer {
  const name = "@hookflo/tern";
  return {
    scheme,
    name,
    share: 0.5,
    prepare(events) {
      const requests = events.map(
        ({ body, headers }) => new Request("http://hooks.example.com/webhooks", { method: "POST", headers, body: new Uint8Array(body) }),
      );
      return async () => {
        for (const request of requests) {
          const { isValid, error } = await WebhookVerificationService.verifyWithPlatformConfig(request, platform, secret, 300);
          if (!isValid) throw new Error(`${name}: a genuine delivery is refused: ${error}`);
        }
      };
    },
  };
}
