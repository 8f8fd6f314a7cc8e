import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../src/delivery.js";
import type { ErrorCode } from "../src/errors.js";
import type { DeliveryRecord } from "../src/observe.js";
import { mac, NOW, openAcme, TIME } from "./acme-verifier.js";
import { recordingStore } from "./claim/recording-store.js";
import { BODY, bytes, GOOD, good, openGuarded, words } from "./guarded-verifier.js";

const LATE = String(NOW / 1000 - 301);

/** Each step's fault, in the order of the steps; laid over a good delivery from the last to the first. */
const STEPS: readonly (readonly [ErrorCode, Partial<Delivery>])[] = [
  ["METHOD_NOT_ALLOWED", { method: "PATCH" }],
  ["TARGET_INVALID", { url: "https://acme.example/", wire: true }],
  ["HTTPS_REQUIRED", { protocol: "http" }],
  ["ADDRESS_NOT_ALLOWED", { address: "198.51.100.1" }],
  ["HEADER_MISSING", { headers: { "x-ts": TIME, "content-length": "101" } }],
  ["BODY_TOO_LARGE", { headers: { ...GOOD, "content-length": "101" } }],
  ["BODY_TOO_LARGE", { body: bytes("x".repeat(101)) }],
  ["SIGNATURE_MISMATCH", { headers: { "x-ts": LATE, "x-sig": mac("other"), "content-type": "application/json" }, body: bytes("{") }],
  ["TIMESTAMP_TOO_OLD", { headers: { ...GOOD, "x-ts": LATE, "x-sig": mac(`${LATE}.{`) }, body: bytes("{") }],
  ["PAYLOAD_MALFORMED", { headers: { ...GOOD, "x-sig": mac(`${TIME}.{`) }, body: bytes("{") }],
];

describe("receive", () => {
  it("accepts a delivery that passes every check", async () => {
    const { codeOf, store } = openGuarded();
    expect(await codeOf(good({ address: "203.0.113.7" }))).toBe("accepted");
    expect(store.calls).toEqual(["claim", "release"]);
  });

  it.each(STEPS.map(([code], first) => [code, first] as const))("refuses by the earliest fault: %s, at step %i", async (code, first) => {
    const { codeOf, store } = openGuarded();
    for (let last = first; last < STEPS.length; last++) {
      const faults = STEPS.slice(first, last + 1).map(([, fault]) => fault);
      const delivery = Object.assign({}, good({ address: "203.0.113.7" }), ...faults.reverse()) as Delivery;
      expect(await codeOf(delivery), `up to step ${last}`).toBe(code);
    }
    expect(store.calls).toEqual([]);
  });

  it("asks the store last, and never for what has not proven itself", async () => {
    const store = recordingStore();
    store.before.claim = () => Promise.reject(new Error("no connection"));
    const { codeOf } = openGuarded({ allow: ["203.0.113.0/24"] }, store);
    expect(await codeOf(good({ address: "203.0.113.7" }))).toBe("STORE_UNAVAILABLE");
    expect(await codeOf(good({ address: "203.0.113.7", body: bytes("{}") }))).toBe("SIGNATURE_MISMATCH");
    expect(store.calls).toEqual(["claim", "release"]);
  });

  it("answers every failure of authentication alike", async () => {
    const { verifier } = openGuarded();
    const from = { address: "203.0.113.7" };
    const replies = [];
    for (const headers of [
      {},
      { ...GOOD, "x-sig": mac("other") },
      { ...GOOD, "x-ts": LATE, "x-sig": mac(`${LATE}.${BODY}`) },
      { ...GOOD, "x-ts": "x" },
    ])
      replies.push((await verifier.receive(good({ ...from, headers }))).reply);
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]?.status).toBe(401);
  });

  it("says which methods it takes", async () => {
    const { verifier, records } = openGuarded();
    const verdict = await verifier.receive(good({ method: "GET" }));
    expect(verdict.reply).toMatchObject({ status: 405, headers: { allow: "POST" } });
    expect(records).toMatchObject([{ outcome: "rejected", code: "METHOD_NOT_ALLOWED", detail: "acme sends POST" }]);
  });

  it("makes the error of a refusal when it is read", async () => {
    const verdict = await openGuarded().verifier.receive(good({ address: "203.0.113.7", body: bytes("{}") }));
    if (verdict.outcome !== "rejected") throw new Error(verdict.outcome);
    expect(verdict.error).toMatchObject({ code: "SIGNATURE_MISMATCH", status: 401, retryable: false });
    expect(String(verdict.error)).not.toContain(mac(`${TIME}.{}`));
  });

  it.each<[string, Delivery]>([
    ["no headers", { ...good(), headers: undefined as never }],
    ["no method", { ...good(), method: undefined as never }],
    ["no target", { ...good(), url: undefined as never }],
    ["no body", { ...good(), body: undefined as never, address: "203.0.113.7" }],
    ["a target that is no path", { ...good(), url: "evil" }],
    ["a target of another scheme", { ...good(), url: "ftp://a.example/" }],
  ])("never rejects: %s", async (_, delivery) => {
    const verdict = await openGuarded().verifier.receive(delivery);
    expect(verdict.outcome).toBe("rejected");
    expect(verdict.reply.status).toBeGreaterThanOrEqual(400);
  });

  it("takes a whole URL for path and query, where it did not come over the wire", async () => {
    expect(await openGuarded().codeOf(good({ address: "203.0.113.7", url: "https://evil.example/?a=1" }))).toBe("accepted");
  });

  it("never answers with a secret, or with what it expected", async () => {
    const { verifier, records } = openGuarded();
    const printable = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(printable, printable, async (signature, body) => {
        const verdict = await verifier.receive(
          good({ address: "203.0.113.7", headers: { "x-ts": TIME, "x-sig": signature }, body: bytes(body) }),
        );
        expect(verdict.outcome).toBe("rejected");
        for (const text of [JSON.stringify(verdict.reply), JSON.stringify(records.at(-1))])
          for (const secret of ["s3cret", mac(`${TIME}.${body}`)]) expect(text).not.toContain(secret);
      }),
      { numRuns: 50 },
    );
  });

  it("records each delivery once, with its phases and its lag", async () => {
    const { verifier, records } = openGuarded({ now: () => NOW + 7000 });
    const verdict = await verifier.receive(good({ address: "203.0.113.7" }));
    expect(records).toEqual([]);
    if (verdict.outcome === "accepted") await verdict.claim.conclude(201);
    const [record] = records as DeliveryRecord[];
    expect(record).toMatchObject({
      kind: "delivery",
      outcome: "accepted",
      status: 201,
      bytes: 10,
      id: "1",
      keyId: "0",
      lag: 7,
      repeats: false,
    });
    expect(Object.values(record?.phases ?? {}).every((phase) => phase >= 0)).toBe(true);
    expect(record?.duration).toBeGreaterThan(0);
    expect(records).toHaveLength(1);
  });

  it("records the phase in which a delivery is refused", async () => {
    const { codeOf, store, records } = openGuarded({ storeTimeout: 0.03 });
    store.before.claim = () => new Promise(() => {});
    await codeOf(good({ address: "203.0.113.7" }));
    expect((records[0] as DeliveryRecord).phases).toMatchObject({ store: expect.closeTo(30, -2), handler: 0 });
    expect((records[0] as DeliveryRecord).phases.store).toBeGreaterThan(20);
  });

  it("records lag and key of what is refused for its time alone", async () => {
    const { codeOf, records } = openGuarded({ now: () => NOW + 7_000_000 });
    expect(await codeOf(good({ address: "203.0.113.7" }))).toBe("TIMESTAMP_TOO_OLD");
    expect(records.at(-1)).toMatchObject({ outcome: "rejected", keyId: "0", lag: 7000 });
  });

  it("records no lag of a time that nobody signs", async () => {
    const { receive, records } = openAcme({ timestamp: { from: "header:x-ts", unit: "s", tolerance: "unchecked" } });
    const headers = { "x-ts": "1", "x-sig": mac(BODY) };
    const verdict = await receive({ headers, body: bytes(BODY) });
    if (verdict.outcome === "accepted") await verdict.claim.commit();
    expect(records.at(-1)).toMatchObject({ outcome: "accepted", lag: undefined });
  });

  it.each([Number.NaN, undefined, "x"])("takes no clock that answers %s", async (answer) => {
    const { codeOf } = openGuarded({ now: () => answer as number });
    expect(await codeOf(good({ address: "203.0.113.7" }))).toBe("MISCONFIGURED");
  });

  it("keeps from a silent observer nothing but silence", async () => {
    const silent = openGuarded({ observe: false });
    expect(await silent.codeOf(good({ address: "203.0.113.7" }))).toBe("accepted");
    expect(await silent.codeOf(good({ method: "GET" }))).toBe("METHOD_NOT_ALLOWED");
    const before = console.warn;
    const lines: unknown[] = [];
    console.warn = (line: unknown) => lines.push(line);
    try {
      const faults = openGuarded({ observe: undefined });
      await faults.codeOf(good({ address: "203.0.113.7" }));
      await faults.codeOf(good({ method: "GET" }));
    } finally {
      console.warn = before;
    }
    expect(lines).toEqual([expect.stringContaining("HANDLER_FAILED"), expect.stringContaining("METHOD_NOT_ALLOWED")]);
  });
});

describe("handle", () => {
  it("runs the handler, ignores what it returns, and sends the success reply", async () => {
    const { verifier, store } = openAccepting();
    expect(await verifier.handle(good(), async () => ({ status: 500 }))).toEqual({ status: 204, headers: {}, body: null });
    expect(store.calls).toEqual(["claim", "commit"]);
    expect(await verifier.handle(good(), () => expect.unreachable())).toMatchObject({ status: 204 });
  });

  it("releases what the handler throws at", async () => {
    const { verifier, store } = openAccepting();
    const failing = () => Promise.reject(new Error("x"));
    expect(await verifier.handle(good(), failing)).toMatchObject({ status: 500 });
    expect(store.calls).toEqual(["claim", "release"]);
  });

  const openAccepting = () => {
    const store = recordingStore();
    return { ...openAcme({ ...words, success: { status: 204 } }, { store }), store };
  };
});

describe("verify", () => {
  it("checks signature and timestamp, remembers nothing, and asks for no HTTPS", async () => {
    const { verifier, store } = openGuarded();
    const input = { headers: GOOD, body: BODY };
    for (let round = 0; round < 2; round++) expect((await verifier.verify(input)).id).toBe("1");
    await expect(verifier.verify({ ...input, body: "{}" })).rejects.toMatchObject({
      name: "VerificationError",
      code: "SIGNATURE_MISMATCH",
    });
    await expect(verifier.verify({ headers: undefined as never, body: "" })).rejects.toMatchObject({ code: "MISCONFIGURED" });
    expect(store.calls).toEqual([]);
  });

  it("takes bytes in whatever view they come, and text as UTF-8", async () => {
    const { verifier } = openGuarded();
    const { buffer } = bytes(BODY);
    for (const body of [BODY, bytes(BODY), Buffer.from(BODY), new DataView(buffer), buffer])
      expect((await verifier.verify({ headers: GOOD, body: body as Uint8Array })).id).toBe("1");
  });

  it.each([{ id: "1" }, null, undefined, 7, new Request("https://a.example")])("refuses %s for a body", async (body) => {
    const { verifier } = openGuarded();
    await expect(verifier.verify({ headers: GOOD, body: body as never })).rejects.toMatchObject({ code: "BODY_ALREADY_PARSED" });
  });

  it("says that it takes a URL as text", async () => {
    const { verifier } = openGuarded();
    await expect(verifier.verify({ url: new URL("https://a.example") as never, headers: GOOD, body: BODY })).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringContaining("url: saw an object; expected path and query, or a whole URL, as text"),
    });
  });

  it("takes a GET without a body for an empty one", async () => {
    const { verifier } = openAcme({ methods: ["GET"], content: "{method}:{body}" });
    const event = await verifier.verify({ method: "GET", url: "/hook", headers: { "x-sig": mac("GET:") } });
    expect([event.payload, event.rawBody.length]).toEqual([undefined, 0]);
  });

  it("rejects where nothing is handed over", async () => {
    const { verifier } = openGuarded();
    await expect(verifier.verify(undefined as never)).rejects.toMatchObject({ name: "VerificationError", code: "MISCONFIGURED" });
  });
});
