import type { DeliveryRecord, ObserverRecord } from "@countersign/core";
import { describe, expect, it } from "vitest";
import { mailgun } from "../src/mailgun.js";
import { createReceiver, mac, NOW, SECONDS, type Sent } from "./receiver.js";

const SECRET = "key-mailgun";
const TOKEN = "7f38b1a0dc6dcc9f40b8bdbbef1e6b0e6ea4b8c8c8b8d8e8f8";
const EVENT = { event: "delivered", id: "W3X4JOhFT-OZidZGKKr9iA", recipient: "a@example.com" };

const create = () => createReceiver(mailgun({ secret: SECRET }));
const triple = (timestamp = SECONDS, token = TOKEN) => ({ timestamp, token, signature: mac(SECRET, timestamp + token) });
const json = (event: object = EVENT, signature: object = triple()): Sent => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ signature, "event-data": event }),
});
const form = (fields: Readonly<Record<string, string>>, signature: Readonly<Record<string, string>> = triple()): Sent => ({
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams({ ...fields, ...signature }).toString(),
});

describe("mailgun", () => {
  it("accepts JSON, and says that of the payload nothing is signed", async () => {
    const event = await create().accept(json());
    expect(event).toMatchObject({ id: EVENT.id, type: "delivered", timestamp: new Date(NOW) });
    expect(event.signed).toEqual({ id: false, type: false, timestamp: true, body: false, payload: false, url: false });
  });

  it("accepts a form, as routes send it", async () => {
    const event = await create().accept(form({ event: "opened", recipient: "a@example.com" }));
    expect(event).toMatchObject({ type: "opened", payload: { recipient: "a@example.com" } });
    expect(event.signed).toMatchObject({ id: false, type: false, timestamp: true, body: false });
  });

  it("answers a retry under the first signature without running it again, up to its last", async () => {
    const receiver = create();
    await receiver.accept(json());
    receiver.advance(29_000);
    expect(await receiver.send(json())).toMatchObject({ outcome: "duplicate", kind: "exact", status: 200 });
  });

  it("refuses a retry past the window", async () => {
    const receiver = create();
    receiver.advance(29_101);
    expect((await receiver.send(json())).code).toBe("TIMESTAMP_TOO_OLD");
  });

  it("knows a forged payload under a captured triple by the triple", async () => {
    const receiver = create();
    await receiver.accept(json());
    const forged = json({ ...EVENT, recipient: "eve@example.com" });
    expect((await receiver.send(forged)).outcome).toBe("duplicate");
  });

  it("lets a forged type or id under a captured triple swallow no honest event", async () => {
    const receiver = create();
    await receiver.send(json({ ...EVENT, event: "complained", id: "forged" }));
    expect(await receiver.send(json())).toMatchObject({ outcome: "accepted", kind: "done" });
  });

  it.each([
    ["token", { token: TOKEN.replace("7", "8") }],
    ["timestamp", { timestamp: String(NOW / 1000 - 1) }],
    ["signature", { signature: mac("another", SECONDS + TOKEN) }],
  ])("refuses another %s, in JSON and in forms", async (_, changed) => {
    const signature = { ...triple(), ...changed };
    expect(await create().send(json(EVENT, signature))).toMatchObject({ outcome: "rejected", status: 401 });
    expect(await create().send(form({ event: "opened" }, signature))).toMatchObject({ outcome: "rejected", status: 401 });
  });

  it("says of multipart that it is not read", async () => {
    const records: DeliveryRecord[] = [];
    const observe = (record: ObserverRecord) => void (record.kind === "delivery" && records.push(record));
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    await createReceiver(mailgun({ secret: SECRET }), { observe }).send({ headers, body: "--x\r\n100%\r\n--x--" });
    expect(records).toMatchObject([{ code: "PAYLOAD_MALFORMED", status: 400, detail: expect.stringContaining("multipart") }]);
  });

  it("refuses a form in which the token comes twice", async () => {
    const sent = form({ event: "opened" });
    expect((await create().send({ ...sent, body: `${sent.body}&token=${TOKEN}` })).outcome).toBe("rejected");
  });

  it.each([
    ["no triple", "{}", 401],
    ["broken JSON", '{"signature":', 400],
    ["a triple of objects", '{"signature":{"timestamp":{},"token":[],"signature":{}}}', 401],
    ["nesting without end", "[".repeat(100_000), 400],
  ])("refuses %s", async (_, body, status) => {
    expect(await create().send({ headers: { "content-type": "application/json" }, body })).toMatchObject({ outcome: "rejected", status });
  });
});
