import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoreFull } from "../src/claim/store.js";
import type { Delivery } from "../src/delivery.js";
import type { ErrorCode } from "../src/errors.js";
import type { DeliveryRecord } from "../src/observe.js";
import { deliver, mac, NOW, openAcme, TIME } from "./acme-verifier.js";
import { type RecordingStore, recordingStore } from "./claim/recording-store.js";

const words = {
  content: "{timestamp}.{body}",
  timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 },
  signedAnew: true,
  id: "json:id",
};
const BODY = '{"id":"1"}';
const GOOD = { "x-ts": TIME, "x-sig": mac(`${TIME}.${BODY}`), "content-type": "application/json" };
const LATE = String(NOW / 1000 - 301);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const good = (more: Partial<Delivery> = {}): Delivery => deliver({ headers: GOOD, text: BODY, ...more });

function open(options = {}, store: RecordingStore = recordingStore()) {
  const opened = openAcme(words, { allow: ["203.0.113.0/24"], maxBytes: 100, store, ...options });
  const codeOf = async (delivery: Delivery): Promise<string> => {
    const verdict = await opened.verifier.receive(delivery);
    if (verdict.outcome === "accepted") await verdict.claim.release();
    return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
  };
  return { ...opened, store, codeOf };
}

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
    const { codeOf, store } = open();
    expect(await codeOf(good({ address: "203.0.113.7" }))).toBe("accepted");
    expect(store.calls).toEqual(["claim", "release"]);
  });

  it.each(STEPS.map(([code], first) => [code, first] as const))("refuses by the earliest fault: %s, at step %i", async (code, first) => {
    const { codeOf, store } = open();
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
    const { codeOf } = open({ allow: ["203.0.113.0/24"] }, store);
    expect(await codeOf(good({ address: "203.0.113.7" }))).toBe("STORE_UNAVAILABLE");
    expect(await codeOf(good({ address: "203.0.113.7", body: bytes("{}") }))).toBe("SIGNATURE_MISMATCH");
    expect(store.calls).toEqual(["claim", "release"]);
  });

  it("answers every failure of authentication alike", async () => {
    const { verifier } = open();
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
    const { verifier, records } = open();
    const verdict = await verifier.receive(good({ method: "GET" }));
    expect(verdict.reply).toMatchObject({ status: 405, headers: { allow: "POST" } });
    expect(records).toMatchObject([{ outcome: "rejected", code: "METHOD_NOT_ALLOWED", detail: "acme sends POST" }]);
  });

  it("makes the error of a refusal when it is read", async () => {
    const verdict = await open().verifier.receive(good({ address: "203.0.113.7", body: bytes("{}") }));
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
    const verdict = await open().verifier.receive(delivery);
    expect(verdict.outcome).toBe("rejected");
    expect(verdict.reply.status).toBeGreaterThanOrEqual(400);
  });

  it("takes a whole URL for path and query, where it did not come over the wire", async () => {
    expect(await open().codeOf(good({ address: "203.0.113.7", url: "https://evil.example/?a=1" }))).toBe("accepted");
  });

  it("never answers with a secret, or with what it expected", async () => {
    const { verifier, records } = open();
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
    const { verifier, records } = open({ now: () => NOW + 7000 });
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

  it("keeps from a silent observer nothing but silence", async () => {
    const silent = open({ observe: false });
    expect(await silent.codeOf(good({ address: "203.0.113.7" }))).toBe("accepted");
    expect(await silent.codeOf(good({ method: "GET" }))).toBe("METHOD_NOT_ALLOWED");
    const before = console.warn;
    const lines: unknown[] = [];
    console.warn = (line: unknown) => lines.push(line);
    try {
      const faults = open({ observe: undefined });
      await faults.codeOf(good({ address: "203.0.113.7" }));
      await faults.codeOf(good({ method: "GET" }));
    } finally {
      console.warn = before;
    }
    expect(lines).toEqual([expect.stringContaining("HANDLER_FAILED"), expect.stringContaining("METHOD_NOT_ALLOWED")]);
  });
});

describe("a store that cannot answer", () => {
  const from = { address: "203.0.113.7" };
  it("is a 503, whatever it throws, and the claim is released by its token", async () => {
    for (const [fault, code, retryAfter] of [
      [new Error("no connection"), "STORE_UNAVAILABLE", "5"],
      [new StoreFull("full"), "STORE_FULL", "30"],
    ] as const) {
      const { verifier, store } = open();
      store.before.claim = () => Promise.reject(fault);
      const released = store.next("release");
      const verdict = await verifier.receive(good(from));
      expect(verdict).toMatchObject({ outcome: "rejected", code });
      expect(verdict.reply).toMatchObject({ status: 503, headers: { "retry-after": retryAfter } });
      expect((await released).token).toBe(store.claims[0]?.token);
    }
  });

  it("and is slow is a 503 too; what it claims late is released", async () => {
    const { verifier, store, codeOf } = open({ storeTimeout: 0.02 });
    let resume = (): void => {};
    store.before.claim = () => new Promise((resolve) => (resume = resolve));
    expect(await codeOf(good(from))).toBe("STORE_UNAVAILABLE");
    const claimed = store.next("claim");
    resume();
    await claimed;
    store.before = {};
    await store.next("release");
    expect((await verifier.receive(good(from))).outcome).toBe("accepted");
  });

  it("and is slow to say that it was a duplicate has nothing released", async () => {
    const { store, codeOf, verifier } = open({ storeTimeout: 0.02 });
    const first = await verifier.receive(good(from));
    if (first.outcome === "accepted") await first.claim.commit();
    let resume = (): void => {};
    store.before.claim = () => new Promise((resolve) => (resume = resolve));
    expect(await codeOf(good(from))).toBe("STORE_UNAVAILABLE");
    const claimed = store.next("claim");
    resume();
    await claimed;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(store.calls.filter((call) => call === "release")).toHaveLength(1);
  });
});

describe("duplicates", () => {
  const from = { address: "203.0.113.7" };
  it("of a running event are told to come again before its lease ends", async () => {
    const { verifier, store } = open({ lease: 9 });
    const first = await verifier.receive(good(from));
    const second = await verifier.receive(good(from));
    expect(second).toMatchObject({ outcome: "duplicate", kind: "running", reply: { status: 503 } });
    expect(Number(second.reply.headers["retry-after"])).toBeLessThanOrEqual(9);
    expect(Number(second.reply.headers["retry-after"])).toBeGreaterThanOrEqual(8);
    if (first.outcome === "accepted") await first.claim.release();
    expect(store.calls).toEqual(["claim", "claim", "release"]);
  });

  it("of which many come at once run one handler", async () => {
    const { verifier } = open();
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => verifier.receive(good(from))));
    const outcomes = verdicts.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(19);
    for (const verdict of verdicts) if (verdict.outcome === "accepted") await verdict.claim.release();
  });
});

describe("a platform's deadline", () => {
  const from = { address: "203.0.113.7" };
  it("bounds the lease and the handler's time", async () => {
    const { verifier, store, records } = open();
    const reply = await verifier.handle(good({ ...from, deadline: Date.now() + 600 }), () => new Promise(() => {}));
    expect(reply.status).toBe(500);
    expect(store.claims[0]?.lease).toBeLessThanOrEqual(1600);
    expect(store.claims[0]?.lease).toBeGreaterThanOrEqual(1000);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT", "HANDLER_TIMEOUT"]);
  });

  it("that is over leaves the shortest lease and no time", async () => {
    const { verifier, store } = open();
    expect((await verifier.handle(good({ ...from, deadline: Date.now() - 5000 }), () => new Promise(() => {}))).status).toBe(500);
    expect(store.claims[0]?.lease).toBe(1000);
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
    const { verifier, store } = open();
    const input = { headers: GOOD, body: BODY };
    for (let round = 0; round < 2; round++) expect((await verifier.verify(input)).id).toBe("1");
    await expect(verifier.verify({ ...input, body: "{}" })).rejects.toMatchObject({
      name: "VerificationError",
      code: "SIGNATURE_MISMATCH",
    });
    await expect(verifier.verify({ headers: undefined as never, body: "" })).rejects.toMatchObject({ code: "MISCONFIGURED" });
    expect(store.calls).toEqual([]);
  });
});

describe("close", () => {
  it("refuses new deliveries, and waits for the handlers under way", async () => {
    const { verifier } = open();
    const from = { address: "203.0.113.7" };
    const first = await verifier.receive(good(from));
    let isClosed = false;
    const closed = verifier.close().then(() => (isClosed = true));
    expect(await verifier.receive(good(from))).toMatchObject({ code: "CLOSING", reply: { status: 503 } });
    expect(isClosed).toBe(false);
    if (first.outcome === "accepted") await first.claim.commit();
    await closed;
    await verifier.close();
  });

  it.each(["commit", "release"] as const)("waits until the store has answered the %s of the last", async (operation) => {
    const { verifier, store } = open();
    const order: string[] = [];
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      store.before[operation] = () => {
        resolve();
        return new Promise((go) => (answer = go));
      };
    });
    const replied = verifier.handle(good({ address: "203.0.113.7" }), () => {
      if (operation === "release") throw new Error("no");
    });
    await asked;
    const closed = verifier.close().then(() => order.push("closed"));
    void store.next(operation).then(() => order.push("answered"));
    expect(await Promise.race([closed, verifier.receive(good())])).toMatchObject({ code: "CLOSING" });
    answer();
    await Promise.all([closed, replied]);
    expect(order).toEqual(["answered", "closed"]);
  });

  it("waits for the handler of a delivery whose claim was being made", async () => {
    const { verifier, store } = open();
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      store.before.claim = () => {
        resolve();
        return new Promise((go) => (answer = go));
      };
    });
    const order: string[] = [];
    const replied = verifier.handle(good({ address: "203.0.113.7" }), () => order.push("handled"));
    await asked;
    const closed = verifier.close().then(() => order.push("closed"));
    expect(await Promise.race([closed, verifier.receive(good())])).toMatchObject({ code: "CLOSING" });
    answer();
    await Promise.all([closed, replied]);
    expect(order).toEqual(["handled", "closed"]);
  });

  it("refuses a delivery that had not proven itself by then, and asks no store", async () => {
    const { verifier, store } = open();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const verdict = verifier.receive(good({ address: "203.0.113.7", body: readable }));
    await verifier.close();
    const writer = writable.getWriter();
    await writer.write(bytes(BODY));
    await writer.close();
    expect(await verdict).toMatchObject({ code: "CLOSING", reply: { status: 503 } });
    expect(store.calls).toEqual([]);
  });

  it("waits for the first attempt alone where a commit fails", async () => {
    const { verifier, store } = open();
    store.before.commit = () => Promise.reject(new Error("no connection"));
    expect(await verifier.handle(good({ address: "203.0.113.7" }), () => {})).toMatchObject({ status: 200 });
    await verifier.close();
    expect(store.calls).toEqual(["claim", "commit"]);
  });
});
