import { describe, expect, it } from "vitest";
import { shopify } from "../src/shopify.js";
import { createReceiver, mac, type Sent } from "./receiver.js";

const SECRET = "hush";
const ORDER = JSON.stringify({ id: 820982911946154500, email: "jon@example.com" });

const family = (prefix: "x-shopify" | "shopify", over: Readonly<Record<string, string>> = {}): Sent => {
  const named = {
    "hmac-sha256": mac(SECRET, ORDER, "base64"),
    "webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    topic: "orders/create",
    "shop-domain": "one.myshopify.com",
    "triggered-at": "2026-03-01T11:59:58.123456789Z",
    ...over,
  };
  const headers = Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}-${name}`, value]));
  return { headers: { "content-type": "application/json", ...headers }, body: ORDER };
};

describe("shopify", () => {
  it.each(["x-shopify", "shopify"] as const)("accepts the headers that begin with %s", async (prefix) => {
    const event = await createReceiver(shopify({ secret: SECRET })).accept(family(prefix));
    expect(event).toMatchObject({
      id: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
      type: "orders/create",
      tenant: "one.myshopify.com",
      timestamp: new Date("2026-03-01T11:59:58.123Z"),
    });
    expect(event.signed).toEqual({ id: false, type: false, timestamp: false, body: true, payload: true, url: false });
  });

  it("tells two shops apart that send the same under one id", async () => {
    const receiver = createReceiver(shopify({ secret: SECRET }));
    await receiver.accept(family("x-shopify"));
    const other = await receiver.accept(family("x-shopify", { "shop-domain": "two.myshopify.com" }));
    expect(other).toMatchObject({ tenant: "two.myshopify.com", repeats: "done" });
  });

  it("answers a retry, which is signed as the first was, without running it again", async () => {
    const receiver = createReceiver(shopify({ secret: SECRET }));
    await receiver.accept(family("x-shopify"));
    receiver.advance(14_000);
    expect(await receiver.send(family("x-shopify"))).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it.each(["text/plain", "application/x-www-form-urlencoded"])(
    "takes a body for the JSON that it is under %s, which nobody signs",
    async (type) => {
      const receiver = createReceiver(shopify({ secret: SECRET }));
      const sent = family("x-shopify");
      const other = { ...sent, headers: { ...sent.headers, "content-type": type } };
      expect((await receiver.accept(other)).payload).toEqual(JSON.parse(ORDER));
      expect(await receiver.send(sent)).toMatchObject({ outcome: "duplicate", kind: "exact" });
    },
  );

  it("reports the time in the header and never judges it, for nobody signs it", async () => {
    const sent = family("x-shopify", { "triggered-at": "2020-01-01T00:00:00Z" });
    expect((await createReceiver(shopify({ secret: SECRET })).accept(sent)).timestamp).toEqual(new Date("2020-01-01"));
  });

  it.each(["x-shopify", "shopify"] as const)("refuses a body that was changed, under %s", async (prefix) => {
    const sent = { ...family(prefix), body: ORDER.replace("jon", "eve") };
    expect(await createReceiver(shopify({ secret: SECRET })).send(sent)).toMatchObject({ status: 401, code: "SIGNATURE_MISMATCH" });
  });

  it("refuses base64 that is not canonical", async () => {
    const signature = mac(SECRET, ORDER, "base64");
    const sent = family("x-shopify", { "hmac-sha256": signature.replace("=", "") });
    expect((await createReceiver(shopify({ secret: SECRET })).send(sent)).outcome).toBe("rejected");
  });
});
