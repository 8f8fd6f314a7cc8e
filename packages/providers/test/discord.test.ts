import { generateKeyPairSync, sign as signBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { discord } from "../src/discord.js";
import { createReceiver, NOW, SECONDS, type Sent } from "./receiver.js";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const PUBLIC_KEY = Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url").toString("hex");
const COMMAND = { id: "846462639134605312", type: 2, data: { name: "ping" } };
const AUTHORIZED = {
  version: 1,
  application_id: "1",
  type: 1,
  event: { type: "APPLICATION_AUTHORIZED", timestamp: "2026-03-01T12:00:00Z" },
};

const create = () => createReceiver(discord({ publicKey: PUBLIC_KEY }));
const sign = (payload: object, seconds = SECONDS): Sent => {
  const body = JSON.stringify(payload);
  const signature = signBytes(null, Buffer.from(seconds + body), privateKey).toString("hex");
  return { headers: { "content-type": "application/json", "x-signature-ed25519": signature, "x-signature-timestamp": seconds }, body };
};

describe("discord", () => {
  it("answers the PING of interactions with a PONG", async () => {
    expect(await create().send(sign({ id: "1", application_id: "1", type: 1 }))).toMatchObject({
      outcome: "handshake",
      status: 200,
      contentType: "application/json",
      body: '{"type":1}',
    });
  });

  it("answers the PING of webhook events with an empty 204", async () => {
    expect(await create().send(sign({ version: 1, application_id: "1", type: 0 }))).toMatchObject({
      outcome: "handshake",
      status: 204,
      contentType: "application/json",
      body: null,
    });
  });

  it("takes a webhook event, whose type is 1 as well, for no PING", async () => {
    const seen = await create().send(sign(AUTHORIZED));
    expect(seen).toMatchObject({ outcome: "accepted", status: 204, event: { type: "APPLICATION_AUTHORIZED", id: undefined } });
  });

  it("accepts an interaction, by its number", async () => {
    const event = await create().accept(sign(COMMAND));
    expect(event).toMatchObject({ id: "846462639134605312", type: "2", timestamp: new Date(NOW) });
    expect(event.signed).toMatchObject({ id: true, type: true, timestamp: true, body: true });
  });

  it.each([1, 0])("answers 401 to an unsigned or wrongly signed PING of type %i, with which Discord probes", async (type) => {
    const { headers = {}, body } = sign({ type });
    const wrong = { ...headers, "x-signature-ed25519": "00".repeat(64) };
    expect(await create().send({ headers: wrong, ...(body !== undefined && { body }) })).toMatchObject({ status: 401 });
    expect(await create().send({ headers: {}, ...(body !== undefined && { body }) })).toMatchObject({
      status: 401,
      code: "HEADER_MISSING",
    });
  });

  it.each([[COMMAND], [AUTHORIZED]])("knows a retry again, whether or not it is signed anew: %j", async (payload) => {
    const receiver = create();
    await receiver.accept(sign(payload));
    expect(await receiver.send(sign(payload))).toMatchObject({ outcome: "duplicate", kind: "exact", status: 204 });
    receiver.advance(500);
    expect(await receiver.send(sign(payload, String(NOW / 1000 + 500)))).toMatchObject({ outcome: "duplicate", kind: "redelivery" });
  });

  it("takes an event of ten minutes ago, and none of sixteen", async () => {
    expect((await create().send(sign(AUTHORIZED, String(NOW / 1000 - 600)))).outcome).toBe("accepted");
    expect((await create().send(sign(AUTHORIZED, String(NOW / 1000 - 960)))).code).toBe("TIMESTAMP_TOO_OLD");
  });

  it("refuses a digit moved from the timestamp to the body, which nothing separates", async () => {
    const body = "1 ";
    const signature = signBytes(null, Buffer.from(SECONDS + body), privateKey).toString("hex");
    const headers = { "x-signature-ed25519": signature, "x-signature-timestamp": SECONDS.slice(0, -1) };
    expect((await create().send({ headers, body: SECONDS.slice(-1) + body })).code).toBe("TIMESTAMP_TOO_OLD");
  });

  it.each([undefined, "", "abc", "00".repeat(31), Buffer.alloc(32, 7).toString("base64")])("throws for the public key %j", (key) => {
    expect(() => discord({ publicKey: key })).toThrow(
      expect.objectContaining({ name: "ConfigurationError", option: expect.stringMatching(/^discord\.publicKey/) }),
    );
  });
});
