import { describe, expect, it } from "vitest";
import { meta } from "../src/meta.js";
import { createReceiver, mac, type Sent } from "./receiver.js";

const SECRET = "meta-app-secret";
const BODY = '{"object":"page","entry":[{"id":"1","changes":[{"field":"feed","value":"\\u00fc"}]}]}';
const create = () => createReceiver(meta({ secret: SECRET, verifyToken: "verify-me" }));
const sign = (body = BODY): Sent => ({
  headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${mac(SECRET, body)}` },
  body,
});
const subscribe = (query: Readonly<Record<string, string>>): Sent => ({
  method: "GET",
  url: `/webhooks?${new URLSearchParams({ "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me", ...query })}`,
});

describe("meta", () => {
  it("echoes the challenge as text to whoever knows the token", async () => {
    expect(await create().send(subscribe({}))).toMatchObject({
      outcome: "handshake",
      status: 200,
      contentType: "text/plain; charset=utf-8",
      body: "1158201444",
    });
  });

  it.each([
    ["a wrong token", { "hub.verify_token": "guess" }],
    ["an empty token", { "hub.verify_token": "" }],
    ["another mode", { "hub.mode": "unsubscribe" }],
  ])("refuses a subscription with %s", async (_, query) => {
    expect(await create().send(subscribe(query))).toMatchObject({ outcome: "rejected", status: 401, code: "HANDSHAKE_REFUSED" });
  });

  it("does not echo more than a challenge", async () => {
    expect((await create().send(subscribe({ "hub.challenge": "x".repeat(1025) }))).code).toBe("HANDSHAKE_REFUSED");
  });

  it("does not take the token by POST", async () => {
    expect((await create().send({ ...subscribe({}), method: "POST" })).code).toBe("HEADER_MISSING");
  });

  it("accepts a change, whose bytes are signed as they were sent", async () => {
    const event = await create().accept(sign());
    expect(event).toMatchObject({ id: undefined, type: "page", payload: { entry: [{ changes: [{ value: "ü" }] }] } });
    expect((await create().send({ ...sign(), body: BODY.replace("\\u00fc", "ü") })).code).toBe("SIGNATURE_MISMATCH");
  });

  it("accepts the same changes again, for nothing names an event", async () => {
    const receiver = create();
    await receiver.accept(sign());
    expect((await receiver.send(sign())).outcome).toBe("accepted");
  });

  it("remembers the body if told so", async () => {
    const receiver = createReceiver(meta({ secret: SECRET, verifyToken: "verify-me" }), { repeats: "refuse" });
    await receiver.accept(sign());
    expect(await receiver.send(sign())).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it.each([undefined, " ", "undefined"])("throws for the verify token %j", (verifyToken) => {
    expect(() => meta({ secret: SECRET, verifyToken: verifyToken as string })).toThrow(
      expect.objectContaining({ name: "ConfigurationError", option: "meta.verifyToken" }),
    );
  });
});
