import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimOf, type WebhookEvent } from "../src/event.js";
import { deliver, mac, NOW, openAcme } from "./acme-verifier.js";
import { recordingStore } from "./claim/recording-store.js";

const verified = async (body: string | Uint8Array, headers = {}, words = {}): Promise<WebhookEvent> =>
  (await openAcme(words).verify({ "x-sig": mac(body), ...headers }, body)) as WebhookEvent;

describe("an event", () => {
  it("holds what the declaration names, and what of it is signed", async () => {
    const words = { id: "json:id", type: "header:x-type", tenant: "json:shop", timestamp: { from: "json:at", unit: "s", tolerance: 300 } };
    const event = await verified('{"id":7,"shop":"s","at":1700000000}', { "x-type": "created", "X-Other": "o" }, words);
    expect(event).toMatchObject({ id: "7", type: "created", tenant: "s", provider: "acme", endpoint: "acme", keyId: "0", repeats: false });
    expect(event.timestamp).toEqual(new Date(NOW));
    expect(event.signed).toEqual({ id: true, type: false, timestamp: true, body: true, payload: true, url: false });
    expect(event.headers.get("x-other")).toBe("o");
    expect(event.headers).toBe(event.headers);
    expect(event.signal.aborted).toBe(false);
    expect(claimOf(event)).toBeUndefined();
    expect(claimOf({} as WebhookEvent)).toBeUndefined();
  });

  it("says of what is not there that it is not there", async () => {
    const event = await verified(
      "x",
      {},
      { id: "header:x-id", type: "header:x-type", timestamp: { from: "header:x-at", unit: "iso", tolerance: "unchecked" } },
    );
    expect([event.id, event.type, event.timestamp, event.tenant]).toEqual([undefined, "", undefined, undefined]);
  });

  it.each<[string, string, string | undefined, unknown, object?]>([
    ["JSON", '{"a":[1]}', "application/json", { a: [1] }],
    ["null", "null", "application/json", null],
    ["a form", "a=1&b=2&b=3", "application/x-www-form-urlencoded", { a: "1", b: ["2", "3"] }],
    ["nothing", "", "application/json", undefined],
    [
      "JSON in a form's field",
      `p=${encodeURIComponent('{"a":1}')}&q=2`,
      "application/x-www-form-urlencoded",
      { a: 1 },
      { payload: "form:p" },
    ],
    ["the form where the field is missing", "q=2", "application/x-www-form-urlencoded", { q: "2" }, { payload: "form:p" }],
    ["an item inside an envelope", '{"items":[{"a":1}]}', "application/json", { a: 1 }, { payload: "json:items.0" }],
    ["the envelope where it holds nothing", '{"items":[]}', "application/json", { items: [] }, { payload: "json:items.0" }],
    ["JSON under another type, where the body is said to be that", '{"a":1}', "text/plain", { a: 1 }, { payload: "json" }],
  ])("has %s as its payload", async (_, body, type, payload, words = {}) => {
    const event = await verified(body, { "content-type": type }, words);
    expect(event.payload).toEqual(payload);
  });

  it("has the bytes for a payload of any other type, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async (body) => {
        const event = await verified(body, { "content-type": "application/octet-stream" });
        expect(event.rawBody).toEqual(body);
        expect(event.payload).toBe(event.rawBody);
      }),
      { numRuns: 50 },
    );
  });

  it("is refused where its payload is not what it claims to be, once it is proven", async () => {
    const headers = { "content-type": "application/json" };
    expect(await openAcme().verify({ "x-sig": mac("{"), ...headers }, "{")).toBe("PAYLOAD_MALFORMED");
    expect(await openAcme().verify({ "x-sig": mac("x"), ...headers }, "{")).toBe("SIGNATURE_MISMATCH");
  });

  it("cannot be polluted by its payload", async () => {
    const event = await verified('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(Object.keys(event.payload as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("knows its claim, and how long its commit is kept", async () => {
    const store = recordingStore();
    const verdict = await openAcme({ id: "json:id" }, { store }).verifier.receive(deliver());
    if (verdict.outcome !== "accepted") throw new Error(verdict.outcome);
    expect(claimOf(verdict.event)).toMatchObject({ claim: store.claims[0], keep: { key: 604_800_000 } });
    expect(verdict.claim.token).toBe(store.claims[0]?.token);
    expect(verdict.event.signal).toBe(verdict.claim.signal);
    expect(inspect(verdict, { depth: 9 })).not.toContain("s3cret");
    await verdict.claim.release();
  });
});
