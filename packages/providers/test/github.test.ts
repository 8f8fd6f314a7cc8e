import { describe, expect, it } from "vitest";
import { github } from "../src/github.js";
import { createReceiver, mac, type Sent } from "./receiver.js";

const SECRET = "It's a Secret to Everybody";
const PUSH = JSON.stringify({ ref: "refs/heads/main", forced: false });

const sign = (body: string, headers: Readonly<Record<string, string>> = {}): Sent => ({
  headers: {
    "content-type": "application/json",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-github-event": "push",
    "x-hub-signature-256": `sha256=${mac(SECRET, body)}`,
    ...headers,
  },
  body,
});

describe("github", () => {
  it("accepts JSON, and says that only the body is signed", async () => {
    const event = await createReceiver(github({ secret: SECRET })).accept(sign(PUSH));
    expect(event).toMatchObject({ id: "72d3162e-cc78-11e3-81ab-4c9367dc0958", type: "push", payload: { ref: "refs/heads/main" } });
    expect(event.signed).toEqual({ id: false, type: false, timestamp: false, body: true, payload: true, url: false });
    expect(event.timestamp).toBeUndefined();
  });

  it("accepts a form, whose payload is JSON", async () => {
    const body = new URLSearchParams({ payload: PUSH }).toString();
    const sent = sign(body, { "content-type": "application/x-www-form-urlencoded" });
    expect((await createReceiver(github({ secret: SECRET })).accept(sent)).payload).toEqual(JSON.parse(PUSH));
  });

  it.each(["<a>100%</a>", "Hello, World!"])("delivers %j as bytes, which claims to be neither JSON nor a form", async (body) => {
    const event = await createReceiver(github({ secret: SECRET })).accept(sign(body, { "content-type": "text/plain" }));
    expect(Buffer.from(event.payload as Uint8Array).toString()).toBe(body);
  });

  it("accepts the ping, which asks for no answer", async () => {
    const sent = sign(JSON.stringify({ zen: "Keep it logically awesome." }), { "x-github-event": "ping" });
    expect(await createReceiver(github({ secret: SECRET })).send(sent)).toMatchObject({ outcome: "accepted", status: 200, body: null });
  });

  it("answers a redelivery, which keeps its id, without running it again", async () => {
    const receiver = createReceiver(github({ secret: SECRET }));
    await receiver.accept(sign(PUSH));
    expect(await receiver.send(sign(PUSH))).toMatchObject({ outcome: "duplicate", kind: "exact", status: 200 });
  });

  it("flags the same body under another id, which nobody signs", async () => {
    const receiver = createReceiver(github({ secret: SECRET }));
    expect((await receiver.accept(sign(PUSH))).repeats).toBe(false);
    expect((await receiver.accept(sign(PUSH, { "x-github-delivery": "another" }))).repeats).toBe("done");
  });

  it("refuses to run the same body twice if told so", async () => {
    const receiver = createReceiver(github({ secret: SECRET }), { repeats: "refuse" });
    await receiver.accept(sign(PUSH));
    expect((await receiver.send(sign(PUSH, { "x-github-delivery": "another" }))).outcome).toBe("duplicate");
  });

  it("does not let a captured body swallow the event whose id it takes", async () => {
    const receiver = createReceiver(github({ secret: SECRET }));
    await receiver.accept(sign(PUSH, { "x-github-delivery": "coming" }));
    const honest = sign(JSON.stringify({ ref: "refs/heads/release" }), { "x-github-delivery": "coming" });
    expect(await receiver.send(honest)).toMatchObject({ outcome: "accepted", kind: "false" });
  });

  it("does not let a captured delivery under another event's name swallow the honest one", async () => {
    const receiver = createReceiver(github({ secret: SECRET }));
    await receiver.accept(sign(PUSH, { "x-github-event": "ping" }));
    expect(await receiver.send(sign(PUSH))).toMatchObject({ outcome: "accepted", kind: "done" });
  });

  it("does not look at the older SHA-1 signature", async () => {
    const sent: Sent = { headers: { "x-hub-signature": `sha1=${mac(SECRET, PUSH, "hex", "sha1")}` }, body: PUSH };
    expect((await createReceiver(github({ secret: SECRET })).send(sent)).code).toBe("HEADER_MISSING");
  });

  it("takes a body of 25 MB", async () => {
    const body = JSON.stringify({ pad: "x".repeat(25_000_000) });
    expect((await createReceiver(github({ secret: SECRET })).send(sign(body))).outcome).toBe("accepted");
  });
});
