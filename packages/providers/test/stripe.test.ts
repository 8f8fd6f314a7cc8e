import { describe, expect, it } from "vitest";
import { stripe } from "../src/stripe.js";
import { createReceiver, mac, NOW, SECONDS, type Sent } from "./receiver.js";

const SECRET = "whsec_stripe_test_secret";
const BODY = JSON.stringify({ id: "evt_1", object: "event", type: "invoice.paid", data: { object: { id: "in_1" } } });

const v1 = (seconds: string, body: string, secret: string): string => `v1=${mac(secret, `${seconds}.${body}`)}`;
const sign = (body = BODY, seconds = SECONDS, secret = SECRET): Sent => ({
  headers: { "content-type": "application/json", "stripe-signature": `t=${seconds},${v1(seconds, body, secret)}` },
  body,
});
const withSignature = (signature: string): Sent => ({ headers: { "stripe-signature": signature }, body: BODY });

describe("stripe", () => {
  it("accepts an event, whose id, type and time are signed", async () => {
    const event = await createReceiver(stripe({ secret: SECRET })).accept(sign());
    expect(event).toMatchObject({ id: "evt_1", type: "invoice.paid", provider: "stripe", keyId: "0" });
    expect(event.timestamp).toEqual(new Date(NOW));
    expect(event.signed).toEqual({ id: true, type: true, timestamp: true, body: true, payload: true, url: false });
  });

  it("takes the secret with its whsec_, as text", async () => {
    const decoded = Buffer.from(SECRET.slice(6), "base64");
    const signature = `t=${SECONDS},v1=${mac(decoded, `${SECONDS}.${BODY}`)}`;
    expect((await createReceiver(stripe({ secret: SECRET })).send(withSignature(signature))).code).toBe("SIGNATURE_MISMATCH");
  });

  it("accepts a delivery of which any v1 fits, and names the secret that did", async () => {
    const receiver = createReceiver(stripe({ secret: ["whsec_new", { id: "old", value: "whsec_old" }] }));
    const others = `v1=${mac("whsec_another", BODY)}`;
    const signature = `t=${SECONDS},${others},${v1(SECONDS, BODY, "whsec_old")}`;
    expect((await receiver.accept(withSignature(signature))).keyId).toBe("old");
  });

  it("does not look at v0", async () => {
    const signature = `t=${SECONDS},v0=${mac(SECRET, `${SECONDS}.${BODY}`)}`;
    expect((await createReceiver(stripe({ secret: SECRET })).send(withSignature(signature))).code).toBe("HEADER_MISSING");
  });

  it.each([
    ["too old", -301, "TIMESTAMP_TOO_OLD"],
    ["in the future", 301, "TIMESTAMP_IN_FUTURE"],
  ])("refuses what is %s", async (_, by, code) => {
    const seen = await createReceiver(stripe({ secret: SECRET })).send(sign(BODY, String(NOW / 1000 + by)));
    expect(seen).toMatchObject({ status: 401, code });
  });

  it("refuses a timestamp that was changed, or that is given twice", async () => {
    const receiver = createReceiver(stripe({ secret: SECRET }));
    const stale = String(NOW / 1000 - 9999);
    const good = v1(stale, BODY, SECRET);
    expect((await receiver.send(withSignature(`t=${SECONDS},${good}`))).code).toBe("SIGNATURE_MISMATCH");
    expect((await receiver.send(withSignature(`t=${stale},t=${SECONDS},${good}`))).outcome).toBe("rejected");
  });

  it("tells a replay from a redelivery, and runs neither", async () => {
    const receiver = createReceiver(stripe({ secret: SECRET }));
    expect((await receiver.send(sign())).outcome).toBe("accepted");
    expect(await receiver.send(sign())).toMatchObject({ outcome: "duplicate", kind: "exact", status: 200 });
    expect(await receiver.send(sign(BODY, String(NOW / 1000 + 60)))).toMatchObject({ outcome: "duplicate", kind: "redelivery" });
  });

  it("reads the hex of a signature in either case, as one signature", async () => {
    const receiver = createReceiver(stripe({ secret: SECRET }));
    await receiver.accept(sign());
    const upper = `t=${SECONDS},v1=${mac(SECRET, `${SECONDS}.${BODY}`).toUpperCase()}`;
    expect(await receiver.send(withSignature(upper))).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it.each([undefined, "", "  ", "undefined", []])("throws for the secret %j", (secret) => {
    expect(() => stripe({ secret })).toThrow(expect.objectContaining({ name: "ConfigurationError", option: "stripe.secret" }));
  });
});
