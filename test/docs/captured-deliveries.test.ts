import { generateKeyPairSync } from "node:crypto";
import { createVerifier, memoryStore, type Provider, type VerifierOptions, type WebhookEvent } from "@countersign/core";
import { discord } from "@countersign/providers/discord";
import { genericSharedToken } from "@countersign/providers/generic-shared-token";
import { github } from "@countersign/providers/github";
import { mailgun } from "@countersign/providers/mailgun";
import { meta } from "@countersign/providers/meta";
import { shopify } from "@countersign/providers/shopify";
import { slack } from "@countersign/providers/slack";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { stripe } from "@countersign/providers/stripe";
import { svix } from "@countersign/providers/svix";
import { twilio } from "@countersign/providers/twilio";
import { type DeliveryOptions, type SignedDelivery, signDelivery } from "@countersign/testing";
import { describe, expect, it } from "vitest";

const secret = "a secret for tests";
const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FORM = "application/x-www-form-urlencoded";
const publicUrl = "https://example.com/webhooks";
const pair = generateKeyPairSync("ed25519");
const publicKey = Buffer.from(pair.publicKey.export({ format: "jwk" }).x as string, "base64url").toString("hex");

/** A receiver, and what its handler has seen: `repeats` of each run. */
function receiver(provider: Provider, options: Partial<VerifierOptions> = {}) {
  const verifier = createVerifier<WebhookEvent>({ provider, store: memoryStore(), observe: false, ...options });
  const runs: WebhookEvent["repeats"][] = [];
  return {
    runs,
    send: async (delivery: SignedDelivery): Promise<number> => {
      const url = new URL(delivery.url, "https://example.com");
      const arrived = { ...delivery, url: url.pathname + url.search, protocol: "https" as const };
      return (await verifier.handle(arrived, ({ repeats }) => void runs.push(repeats))).status;
    },
  };
}

const changed = (delivery: SignedDelivery, headers: Readonly<Record<string, string>>, body = delivery.body): SignedDelivery => ({
  ...delivery,
  headers: { ...delivery.headers, ...headers },
  body,
});

describe("a captured delivery, as docs/threat-model.md has it", () => {
  const payload = { id: "evt_1", type: "invoice.paid" };
  const once: [string, Provider, DeliveryOptions][] = [
    ["standard-webhooks", standardWebhooks({ secret: whsec }), { payload, id: "msg_1" }],
    ["svix", svix({ secret: whsec }), { payload, id: "msg_1" }],
    ["stripe", stripe({ secret }), { payload }],
    ["slack, an event", slack({ secret }), { payload: { event_id: "Ev1", type: "event_callback" } }],
    ["slack, a command", slack({ secret }), { payload: "command=%2Fdo&trigger_id=1", headers: { "content-type": FORM } }],
    ["discord", discord({ publicKey }), { payload: { id: "1", type: 2 }, privateKey: pair.privateKey }],
  ];
  it.each(once)("does not run again, nor its retry signed anew: %s", async (_, provider, options) => {
    const { runs, send } = receiver(provider);
    const captured = await signDelivery(provider, options);
    const retry = await signDelivery(provider, { ...options, timestamp: Date.now() - 5000 });
    for (const delivery of [captured, captured, retry]) expect(await send(delivery)).toBeLessThan(300);
    expect(runs).toEqual([false]);
  });

  it("of GitHub runs again under another id or type, and says so", async () => {
    const { runs, send } = receiver(github({ secret }));
    const captured = await signDelivery(github({ secret }), { payload: { ref: "main" }, id: "1", type: "push" });
    await send(captured);
    await send(captured);
    await send(changed(captured, { "x-github-delivery": "2" }));
    await send(changed(captured, { "x-github-event": "ping" }));
    expect(runs).toEqual([false, "done", "done"]);
  });

  it("of GitHub does not run again under repeats: refuse, whatever its id", async () => {
    const { runs, send } = receiver(github({ secret }), { repeats: "refuse" });
    const captured = await signDelivery(github({ secret }), { payload: { ref: "main" }, id: "1", type: "push" });
    await send(captured);
    await send(changed(captured, { "x-github-delivery": "2" }));
    expect(runs).toEqual([false]);
  });

  it("of Shopify runs again under another id, topic or shop, and says so", async () => {
    const { runs, send } = receiver(shopify({ secret }));
    const headers = { "x-shopify-shop-domain": "one.myshopify.com" };
    const captured = await signDelivery(shopify({ secret }), { payload: { id: 1 }, id: "1", type: "orders/paid", headers });
    await send(captured);
    await send(captured);
    await send(changed(captured, { "x-shopify-webhook-id": "2" }));
    await send(changed(captured, { "x-shopify-topic": "orders/cancelled" }));
    await send(changed(captured, { "x-shopify-shop-domain": "two.myshopify.com" }));
    expect(runs).toEqual([false, "done", "done", "done"]);
  });

  it("of Twilio runs again under another id, and without an id always", async () => {
    const provider = twilio({ secret, publicUrl });
    const { runs, send } = receiver(provider);
    const captured = await signDelivery(provider, { payload: { MessageSid: "SM1", MessageStatus: "sent" }, id: "1" });
    await send(captured);
    await send(captured);
    await send(changed(captured, { "i-twilio-idempotency-token": "2" }));
    expect(runs).toEqual([false, "done"]);
    const bare = await signDelivery(provider, { payload: { MessageSid: "SM2", MessageStatus: "sent" } });
    await send(bare);
    await send(bare);
    expect(runs.slice(2)).toEqual([false, false]);
  });

  it("of Mailgun carries any payload, but under its type once", async () => {
    const provider = mailgun({ secret });
    const { runs, send } = receiver(provider);
    const captured = await signDelivery(provider, {
      payload: { signature: { token: "t" }, "event-data": { id: "1", event: "delivered", recipient: "a@example.com" } },
    });
    const text = new TextDecoder().decode(captured.body);
    const withText = (from: string, to: string): SignedDelivery => changed(captured, {}, new TextEncoder().encode(text.replace(from, to)));
    await send(captured);
    await send(withText("a@example.com", "b@example.com"));
    expect(runs).toEqual([false]);
    await send(withText("delivered", "complained"));
    expect(runs).toEqual([false, "done"]);
  });

  it("of Meta runs again", async () => {
    const provider = meta({ secret, verifyToken: secret });
    const { runs, send } = receiver(provider);
    const captured = await signDelivery(provider, { payload: { object: "page" } });
    await send(captured);
    await send(captured);
    expect(runs).toEqual([false, false]);
  });

  it("of a shared token can be changed at will", async () => {
    const provider = genericSharedToken({ secret, header: "x-token", idHeader: "x-id" });
    const { runs, send } = receiver(provider);
    const captured = await signDelivery(provider, { payload: { total: 42 }, id: "1" });
    await send(captured);
    await send(captured);
    await send(changed(captured, {}, new TextEncoder().encode('{"total":43}')));
    expect(runs).toEqual([false, false]);
  });
});
