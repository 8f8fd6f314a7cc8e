import { generateKeyPairSync, verify } from "node:crypto";
import { createVerifier, defineProvider, type Provider, VerificationError } from "@countersign/core";
import { discord } from "@countersign/providers/discord";
import { github } from "@countersign/providers/github";
import { mailgun } from "@countersign/providers/mailgun";
import { meta } from "@countersign/providers/meta";
import { shopify } from "@countersign/providers/shopify";
import { slack } from "@countersign/providers/slack";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { stripe } from "@countersign/providers/stripe";
import { svix } from "@countersign/providers/svix";
import { twilio } from "@countersign/providers/twilio";
import { describe, expect, it } from "vitest";
import { acceptedEvent, createClock, type DeliveryOptions, signDelivery } from "../src/index.js";
import { verified } from "./verified.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const publicUrl = "https://example.com/hooks/twilio";
const ed25519 = generateKeyPairSync("ed25519");
const rawHex = Buffer.from((ed25519.publicKey.export({ format: "jwk" }) as { x: string }).x, "base64url").toString("hex");

const PRESETS: [string, Provider, DeliveryOptions][] = [
  ["standard-webhooks", standardWebhooks({ secret }), { payload: { type: "a" } }],
  ["svix", svix({ secret }), { payload: { type: "a" }, id: "msg_1" }],
  ["stripe", stripe({ secret }), { payload: { id: "evt_1", type: "a" } }],
  ["github", github({ secret }), { payload: { zen: "é" }, id: "1", type: "ping" }],
  ["shopify", shopify({ secret }), { payload: { id: 1 }, id: "1", type: "orders/create" }],
  ["slack, JSON", slack({ secret }), { payload: { type: "event_callback", event_id: "Ev1" } }],
  [
    "slack, a command",
    slack({ secret }),
    { payload: { command: "/deploy", text: "a&b=c é" }, headers: { "content-type": "application/x-www-form-urlencoded" } },
  ],
  ["meta", meta({ secret, verifyToken: "t" }), { payload: { object: "page" } }],
  ["mailgun", mailgun({ secret }), { payload: { signature: { token: "t" }, "event-data": { id: "1", event: "opened" } } }],
  ["mailgun, with a token that is made up", mailgun({ secret }), { payload: { "event-data": { id: "1" } }, type: "opened" }],
  [
    "mailgun, a form",
    mailgun({ secret }),
    { payload: { recipient: "a@b.c" }, headers: { "content-type": "application/x-www-form-urlencoded" } },
  ],
  ["twilio, a form", twilio({ secret, publicUrl }), { payload: { MessageStatus: "sent", Body: "é +" }, url: "/hooks/twilio?a=1" }],
  ["twilio, JSON", twilio({ secret, publicUrl }), { payload: { a: 1 }, headers: { "content-type": "application/json" } }],
  ["discord", discord({ publicKey: rawHex }), { payload: { type: 1 }, privateKey: ed25519.privateKey }],
];

describe("signDelivery", () => {
  it.each(PRESETS)("signs what %s's own declaration accepts", async (_, provider, options) => {
    const { delivery } = await verified(provider, options);
    const changed = new Uint8Array([...delivery.body, 32]);
    const verifier = createVerifier({ provider, observe: false });
    // Mailgun signs nothing of the body but its own token
    if (provider.name !== "mailgun")
      await expect(verifier.verify({ ...delivery, body: changed })).rejects.toBeInstanceOf(VerificationError);
  });

  it("signs with a private key that Node itself verifies", async () => {
    const provider = discord({ publicKey: rawHex });
    const { headers, body } = await signDelivery(provider, { payload: { type: 2 }, privateKey: ed25519.privateKey });
    const content = Buffer.concat([Buffer.from(headers["x-signature-timestamp"] as string), body]);
    expect(verify(null, content, ed25519.publicKey, Buffer.from(headers["x-signature-ed25519"] as string, "hex"))).toBe(true);
  });

  it.each([
    ["ecdsa-p256-sha256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["rsa-sha1", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["rsa-sha256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["rsa-pss-sha256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ] as const)("signs by %s, from PEM and from a JWK", async (algorithm, pair) => {
    const preset = defineProvider({
      name: "acme",
      algorithm,
      publicKey: "pem",
      signature: { from: "header:x-signature", encoding: "base64" },
      content: "{body}",
    });
    const provider = preset({ publicKey: pair.publicKey.export({ format: "pem", type: "spki" }).toString() });
    const pem = pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    for (const privateKey of [pem, pair.privateKey.export({ format: "jwk" })])
      await expect(verified(provider, { payload: { a: 1 }, privateKey })).resolves.toBeDefined();
  });

  it("sends a shared token, also as Basic", async () => {
    const basic = defineProvider({
      name: "acme",
      algorithm: "token",
      secret: "utf8",
      token: { from: "header:authorization", prefix: "Basic ", encoding: "base64" },
    })({ secret: "user:pässword" });
    const { delivery } = await verified(basic, { payload: { a: 1 } });
    expect(delivery.headers.authorization).toBe(`Basic ${Buffer.from("user:pässword").toString("base64")}`);
  });

  it("writes id, type and timestamp to the places that the declaration reads", async () => {
    const acme = defineProvider({
      name: "acme",
      algorithm: "hmac-sha256",
      secret: "utf8",
      signature: { from: "query:signature", encoding: "base64url" },
      content: "{method}.{timestamp}.{id}.{body}",
      timestamp: { from: "query:at", unit: "iso", tolerance: 60 },
      signedAnew: true,
      id: "header:x-id",
      type: "json:meta.type",
      methods: ["PUT"],
    })({ secret });
    const { delivery, event } = await verified(acme, { payload: { a: 1 }, id: "1", type: "paid", url: "/hook?x=%7e" });
    expect([event.id, event.type, event.payload]).toEqual(["1", "paid", { a: 1, meta: { type: "paid" } }]);
    expect(delivery.method).toBe("PUT");
    expect(delivery.url).toMatch(/^\/hook\?x=%7e&at=2\d{3}-.*&signature=[\w-]+$/);
  });

  it("signs at a given time, of which the clock decides", async () => {
    const clock = createClock("2026-01-01T00:00:00Z");
    const provider = stripe({ secret });
    const verifier = createVerifier({ provider, now: clock.now, observe: false });
    const delivery = await signDelivery(provider, { payload: { id: "evt_1" }, timestamp: clock.now() });
    expect((await verifier.verify(delivery)).timestamp?.getTime()).toBe(clock.now());
    clock.advance(301);
    await expect(verifier.verify(delivery)).rejects.toMatchObject({ code: "TIMESTAMP_TOO_OLD" });
  });

  it("signs with the first of several secrets, and with what a resolver answers for the delivery", async () => {
    const first = stripe({ secret: ["new-secret", "old-secret"] });
    const { event } = await verified(first, { payload: { id: "evt_1" } });
    expect(event.keyId).toBe("0");
    const resolving = stripe({ secret: async ({ headers }) => ({ tenant: headers.get("x-shop"), secrets: "a-secret" }) });
    const { event: theirs } = await verified(resolving, { payload: { id: "evt_1" }, headers: { "X-Shop": "acme" } });
    expect(theirs.tenant).toBe("acme");
  });

  it("sends a token beyond ASCII as its bytes, in a header and in the query", async () => {
    const token = (from: "header:authorization" | "query:token") =>
      defineProvider({ name: "acme", algorithm: "token", secret: "utf8", token: { from, prefix: "" } })({ secret: "pässwörd€" });
    for (const from of ["header:authorization", "query:token"] as const) {
      const { delivery } = await verified(token(from), { payload: { a: 1 } });
      expect(() => new Headers(delivery.headers)).not.toThrow();
    }
  });

  it("says what is missing", async () => {
    await expect(signDelivery(discord({ publicKey: rawHex }))).rejects.toThrow(/discord has no scheme .* without a privateKey/);
    const preset = defineProvider({
      name: "acme",
      algorithm: "hmac-sha256",
      secret: "utf8",
      signature: { from: "header:x-signature", encoding: "hex" },
      content: "{header:x-account}{body}",
    });
    await expect(signDelivery(preset({ secret }), { payload: {} })).rejects.toThrow(/header:x-account is not there; give it/);
    for (const none of [preset, undefined])
      await expect(signDelivery(none as unknown as Provider)).rejects.toThrow("signDelivery: expected a configured preset");
    for (const timestamp of [new Date("soon"), Number.NaN])
      await expect(signDelivery(preset({ secret }), { payload: {}, timestamp })).rejects.toThrow(
        "signDelivery: timestamp: expected a Date or epoch milliseconds",
      );
  });

  it.each([
    [{ body: "{}" }, "no such option: body; known are payload, id, type"],
    [{ id: 7 }, "id: expected a text"],
    [{ timestamp: "2026-01-01" }, "timestamp: expected a Date"],
    [{ url: new URL("https://example.com/") }, "url: expected a text"],
    [{ headers: { "x-a": undefined } }, "headers: expected names with a text each"],
    [null, "expected an object of options"],
  ])("says which option is wrong: %j", async (options, message) => {
    const provider = stripe({ secret: "s" });
    await expect(signDelivery(provider, options as unknown as DeliveryOptions)).rejects.toThrow(`signDelivery: ${message}`);
    await expect(acceptedEvent(provider, options as unknown as DeliveryOptions)).rejects.toThrow(`signDelivery: ${message}`);
  });
});
