import { describe, expect, it } from "vitest";
import { memoryStore } from "../src/claim/memory-store.js";
import { StoreFull } from "../src/claim/store.js";
import type { Delivery } from "../src/delivery.js";
import { mac, openAcme, TIME } from "./acme-verifier.js";
import { recordingStore } from "./claim/recording-store.js";
import { GOOD, good, openGuarded } from "./guarded-verifier.js";

describe("a store that cannot answer", () => {
  const from = { address: "203.0.113.7" };
  it("is a 503, whatever it throws, and the claim is released by its token", async () => {
    for (const [fault, code, retryAfter] of [
      [new Error("no connection"), "STORE_UNAVAILABLE", "5"],
      [new StoreFull("full"), "STORE_FULL", "30"],
    ] as const) {
      const { verifier, store } = openGuarded();
      store.before.claim = () => Promise.reject(fault);
      const released = store.next("release");
      const verdict = await verifier.receive(good(from));
      expect(verdict).toMatchObject({ outcome: "rejected", code });
      expect(verdict.reply).toMatchObject({ status: 503, headers: { "retry-after": retryAfter } });
      expect((await released).token).toBe(store.claims[0]?.token);
    }
  });

  it("and is slow is a 503 too; what it claims late is released", async () => {
    const { verifier, store, codeOf } = openGuarded({ storeTimeout: 0.02 });
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
    const { store, codeOf, verifier } = openGuarded({ storeTimeout: 0.02 });
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

describe("a store that answers what no store may", () => {
  const from = { address: "203.0.113.7" };
  it.each([
    undefined,
    null,
    true,
    "busy",
    {},
    { outcome: "locked" },
    { outcome: "claimed" },
    { outcome: "claimed", repeats: true },
    { outcome: "busy" },
    { outcome: "busy", remaining: Number.NaN },
    { outcome: "duplicate" },
  ])("claims nothing by %j", async (answer) => {
    const { codeOf } = openGuarded({ store: { ...recordingStore(), claim: async () => answer } });
    expect(await codeOf(good(from))).toBe("MISCONFIGURED");
  });

  it("commits nothing: what it answers is taken for a failure", async () => {
    const { verifier, store } = openGuarded();
    store.commit = async () => undefined as never;
    expect((await verifier.handle(good(from), () => {})).status).toBe(200);
  });

  it("answers after the lease has ended, and claims nothing", async () => {
    const { codeOf, store } = openGuarded({ lease: 1, storeTimeout: 5 });
    store.before.claim = () => new Promise((resolve) => setTimeout(resolve, 1010));
    expect(await codeOf(good(from))).toBe("STORE_UNAVAILABLE");
  });
});

describe("a full memory store", () => {
  it("is a 503 at a claim, and at a commit has the event's reply stand", async () => {
    let clock = 0;
    const { receive, verifier } = openAcme({ id: "json:id" }, { store: memoryStore({ maxClaims: 2, now: () => clock }), lease: 30 });
    const claimed = async (id: string) => {
      const verdict = await receive({ text: JSON.stringify({ id }) } as Partial<Delivery>);
      return verdict.outcome === "rejected" ? verdict.code : verdict;
    };
    const first = await claimed("1");
    clock = 31_000; // its lease is over
    const others = [await claimed("2"), await claimed("3")];
    expect(await claimed("4")).toBe("STORE_FULL");
    for (const verdict of [first, ...others])
      if (typeof verdict === "object" && verdict.outcome === "accepted") expect(await verdict.claim.commit()).toBeUndefined();
    await verifier.close();
  });
});

describe("duplicates", () => {
  const from = { address: "203.0.113.7" };
  it("of a running event are told to come again before its lease ends", async () => {
    const { verifier, store } = openGuarded({ lease: 9 });
    const first = await verifier.receive(good(from));
    const second = await verifier.receive(good(from));
    expect(second).toMatchObject({ outcome: "duplicate", kind: "running", reply: { status: 503 } });
    expect(Number(second.reply.headers["retry-after"])).toBeLessThanOrEqual(9);
    expect(Number(second.reply.headers["retry-after"])).toBeGreaterThanOrEqual(8);
    if (first.outcome === "accepted") await first.claim.release();
    expect(store.calls).toEqual(["claim", "claim", "release"]);
  });

  it("of which many come at once run one handler", async () => {
    const { verifier } = openGuarded();
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
    const { verifier, store, records } = openGuarded();
    const reply = await verifier.handle(good({ ...from, deadline: Date.now() + 600 }), () => new Promise(() => {}));
    expect(reply.status).toBe(500);
    expect(store.claims[0]?.lease).toBeLessThanOrEqual(1600);
    expect(store.claims[0]?.lease).toBeGreaterThanOrEqual(1000);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT", "HANDLER_TIMEOUT"]);
  });

  it("that is over leaves the shortest lease and no time", async () => {
    const { verifier, store } = openGuarded();
    expect((await verifier.handle(good({ ...from, deadline: Date.now() - 5000 }), () => new Promise(() => {}))).status).toBe(500);
    expect(store.claims[0]?.lease).toBe(1000);
  });

  it("is stretched by no renewal, and a crash long before it blocks the event for one lease alone", async () => {
    const { verifier, store } = openGuarded({ lease: 1 });
    const renewed: number[] = [];
    const deadline = Date.now() + 1000;
    store.before.renew = ({ lease }) => void renewed.push(Date.now() + lease);
    await verifier.handle(good({ ...from, deadline }), () => new Promise(() => {}));
    expect(renewed).not.toEqual([]);
    for (const end of renewed) expect(end).toBeLessThanOrEqual(deadline + 1050);
    const other = openGuarded({ lease: 30 });
    await other.verifier.handle(good({ ...from, deadline: Date.now() + 900_000 }), () => {});
    expect(other.store.claims[0]?.lease).toBe(30_000);
  });

  it("bounds the store, whatever storeTimeout allows", async () => {
    const { verifier, store, codeOf } = openGuarded({ storeTimeout: 60 });
    store.before.claim = () => new Promise(() => {});
    expect(await codeOf(good({ ...from, deadline: Date.now() + 220 }))).toBe("STORE_UNAVAILABLE");
    store.before = { commit: () => new Promise(() => {}) };
    expect((await verifier.handle(good({ ...from, deadline: Date.now() + 220 }), () => {})).status).toBe(200);
    store.before = { release: () => new Promise(() => {}) };
    const other = { ...from, text: '{"id":"2"}', headers: { ...GOOD, "x-sig": mac(`${TIME}.{"id":"2"}`) } };
    expect((await verifier.handle(good({ ...other, deadline: Date.now() + 220 }), () => Promise.reject(new Error("x")))).status).toBe(500);
  });

  it("far away changes nothing", async () => {
    const { verifier } = openGuarded();
    expect((await verifier.handle(good({ ...from, deadline: Number.MAX_SAFE_INTEGER }), () => {})).status).toBe(200);
  });
});
