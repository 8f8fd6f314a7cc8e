import { defineProvider, scheme } from "@countersign/core";
import { discord } from "@countersign/providers/discord";
import { shopify } from "@countersign/providers/shopify";
import { svix } from "@countersign/providers/svix";
import { describe, expect, it } from "vitest";
import { signDelivery } from "../src/index.js";
import { verified } from "./verified.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const rawHex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

describe("chooseScheme", () => {
  it("signs by the scheme that is asked for", async () => {
    const shop = await signDelivery(shopify({ secret }), { payload: { id: 1 }, id: "1", scheme: 1 });
    expect(Object.keys(shop.headers)).toEqual(expect.arrayContaining(["shopify-hmac-sha256", "shopify-webhook-id"]));
    const provider = svix({ secret });
    const { delivery, event } = await verified(provider, { payload: { type: "a" }, id: "msg_1", scheme: 2 });
    expect([event.id, delivery.headers["webhook-id"], delivery.headers["svix-id"]]).toEqual(["msg_1", "msg_1", undefined]);
    await expect(signDelivery(provider, { scheme: 1 })).rejects.toThrow("svix has no scheme 1 that is configured");
    await expect(signDelivery(provider, { scheme: 9 })).rejects.toThrow("svix has no scheme 9 that is configured");
    const pair = discord({ publicKey: rawHex });
    await expect(signDelivery(pair, { payload: { type: 2 }, scheme: 0 })).rejects.toThrow("signs with a privateKey, and none is given");
  });

  it("signs by the scheme for its method", async () => {
    const words = { algorithm: "hmac-sha256", secret: "utf8", signature: { from: "header:x-signature", encoding: "hex" } } as const;
    const acme = defineProvider({
      name: "acme",
      methods: ["POST", "PUT"],
      schemes: [
        scheme({ ...words, when: { method: "PUT" }, content: "put:{body}" }),
        scheme({ ...words, when: { method: "POST" }, content: "{body}" }),
      ],
    })({ secret });
    for (const method of ["POST", "PUT"]) await expect(verified(acme, { payload: { a: 1 }, method })).resolves.toBeDefined();
  });
});
