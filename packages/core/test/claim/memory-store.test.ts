import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/claim/memory-store.js";
import type { Claim } from "../../src/claim/store.js";
import { StoreFull } from "../../src/claim/store.js";
import { ConfigurationError } from "../../src/errors.js";

const claimOf = (key: string, more: Partial<Claim> = {}): Claim => ({
  token: `token-${key}`,
  key,
  partition: "p",
  tag: `tag-${key}`,
  lease: 1000,
  ...more,
});

function open(maxClaims?: number) {
  const clock = { now: 1_000_000 };
  return { clock, store: memoryStore({ maxClaims, now: () => clock.now }) };
}

type Keep = Parameters<ReturnType<typeof open>["store"]["commit"]>[1] & { protect?: number; repeat?: boolean };
const kept = (more: Partial<Keep> = {}): Keep => ({ key: 60_000, mark: 60_000, ...more });

describe("memoryStore", () => {
  it("says that it does not outlive the process", () => {
    expect(memoryStore().durable).toBe(false);
  });

  it("gives a key to one caller and tells the other how long it waits", async () => {
    const { store, clock } = open();
    expect(await store.claim(claimOf("a"))).toEqual({ outcome: "claimed", repeats: false });
    clock.now += 400;
    expect(await store.claim(claimOf("a", { token: "other" }))).toEqual({ outcome: "busy", remaining: 600 });
    expect(await store.claim(claimOf("a"))).toEqual({ outcome: "claimed", repeats: false });
  });

  it("hands a committed key's tag back, whatever text it is", async () => {
    for (const tag of ["", "x".repeat(128), "ä".repeat(128), "日本", "\u{1f512}\ud800 日本"]) {
      const { store } = open();
      await store.claim(claimOf("a", { tag }));
      expect(await store.commit(claimOf("a", { tag }), kept())).toBe("ok");
      expect(await store.claim(claimOf("a", { token: "other", tag: "another" }))).toEqual({ outcome: "duplicate", tag });
    }
  });

  it("keeps key and mark for their own times, to the millisecond", async () => {
    const { store, clock } = open();
    const claim = claimOf("a", { mark: "m" });
    await store.claim(claim);
    await store.commit(claim, { key: 100, mark: 200 });
    clock.now += 99;
    expect(await store.claim(claimOf("a", { token: "b" }))).toMatchObject({ outcome: "duplicate" });
    clock.now += 1;
    expect(await store.claim(claimOf("a", { token: "b", mark: "m" }))).toEqual({ outcome: "claimed", repeats: "done" });
    clock.now += 100;
    expect(await store.claim(claimOf("c", { mark: "m" }))).toEqual({ outcome: "claimed", repeats: false });
  });

  it("leaves a mark that is done its own time, whoever commits it again", async () => {
    const { store, clock } = open();
    await store.claim(claimOf("a", { mark: "m" }));
    await store.commit(claimOf("a", { mark: "m" }), { key: 100, mark: 100 });
    await store.claim(claimOf("b", { mark: "m" }));
    await store.commit(claimOf("b", { mark: "m" }), { key: 100, mark: 1000 });
    clock.now += 100;
    expect(await store.claim(claimOf("c", { mark: "m" }))).toEqual({ outcome: "claimed", repeats: false });
  });

  it("evicts the keys of repeats first, then the oldest committed", async () => {
    const order = ["r", "s", "a", "b"];
    for (const fresh of order.keys()) {
      const { store, clock } = open(4);
      for (const key of ["a", "r", "b", "s"]) {
        const repeat = key === "r" || key === "s";
        await store.claim(claimOf(key));
        await store.commit(claimOf(key), kept({ repeat, key: repeat ? 30_000 : 60_000 }));
        clock.now += 10;
      }
      for (let i = 0; i <= fresh; i++) await store.claim(claimOf(`${i}`));
      expect(await present(store, order)).toEqual(order.slice(fresh + 1));
    }
  });

  it("refuses a claim rather than evict a leased or protected key, and takes it when the protection is over", async () => {
    const { store, clock } = open(2);
    await store.claim(claimOf("a"));
    await store.commit(claimOf("a"), kept({ protect: 500 }));
    await store.claim(claimOf("b", { lease: 10_000 }));
    await expect(store.claim(claimOf("c"))).rejects.toBeInstanceOf(StoreFull);
    clock.now += 499;
    await expect(store.claim(claimOf("c"))).rejects.toBeInstanceOf(StoreFull);
    expect(await store.claim(claimOf("a", { token: "x" }))).toMatchObject({ outcome: "duplicate" });
    clock.now += 1;
    expect(await store.claim(claimOf("c"))).toMatchObject({ outcome: "claimed" });
    await expect(store.claim(claimOf("d"))).rejects.toBeInstanceOf(StoreFull);
    expect(await store.renew(claimOf("b", { lease: 10_000 }))).toBe("ok");
  });

  it("makes room behind a protected key for one that is not", async () => {
    const { store, clock } = open(2);
    await store.claim(claimOf("a"));
    await store.commit(claimOf("a"), kept({ protect: 50_000 }));
    clock.now += 1;
    await store.claim(claimOf("b"));
    await store.commit(claimOf("b"), kept({ protect: 0 }));
    expect(await store.claim(claimOf("c"))).toMatchObject({ outcome: "claimed" });
    expect(await store.claim(claimOf("a", { token: "x" }))).toMatchObject({ outcome: "duplicate" });
  });

  it("lets lapsed leases and expired keys make room before anything else", async () => {
    const { store, clock } = open(3);
    await store.claim(claimOf("a", { lease: 10 }));
    await store.claim(claimOf("b"));
    await store.commit(claimOf("b"), kept({ key: 10, protect: 10 }));
    await store.claim(claimOf("c"));
    await store.commit(claimOf("c"), kept());
    clock.now += 10;
    await store.claim(claimOf("d"));
    await store.claim(claimOf("e"));
    expect(await present(store, ["c"])).toEqual(["c"]);
  });

  it("renews and gives back a mark with its key, and leaves another's alone", async () => {
    const { store, clock } = open();
    const first = claimOf("a", { mark: "m" });
    await store.claim(first);
    const second = claimOf("b", { mark: "m" });
    expect(await store.claim(second)).toEqual({ outcome: "claimed", repeats: "running" });
    clock.now += 600;
    expect(await store.renew(first)).toBe("ok");
    clock.now += 399;
    expect(await store.renew(second)).toBe("ok");
    clock.now += 600;
    expect(await store.claim(claimOf("c", { mark: "m" }))).toEqual({ outcome: "claimed", repeats: "running" });
    clock.now += 1;
    expect(await store.claim(claimOf("d", { mark: "m" }))).toEqual({ outcome: "claimed", repeats: false });
  });

  it("finds a lease lost that is another's, lapsed or never was, and gives it no more time", async () => {
    const { store, clock } = open();
    expect(await store.renew(claimOf("a"))).toBe("lost");
    await store.claim(claimOf("a"));
    clock.now += 999;
    expect(await store.renew(claimOf("a", { token: "other" }))).toBe("lost");
    clock.now += 1;
    expect(await store.renew(claimOf("a"))).toBe("lost");
    expect(await store.claim(claimOf("a", { token: "other" }))).toMatchObject({ outcome: "claimed" });
  });

  it("makes room for a commit whose leases have lapsed, and refuses it where nothing may go", async () => {
    const { store, clock } = open(2);
    const lapsed = claimOf("a", { mark: "m", lease: 10 });
    await store.claim(lapsed);
    clock.now += 10;
    await store.claim(claimOf("b"));
    await expect(store.commit(lapsed, kept())).rejects.toBeInstanceOf(StoreFull);
    await store.release(claimOf("b"));
    expect(await store.commit(lapsed, kept())).toBe("ok");
    expect(await store.claim(claimOf("a", { token: "x" }))).toMatchObject({ outcome: "duplicate" });
  });

  it("takes key and mark together or neither", async () => {
    const { store } = open(2);
    await store.claim(claimOf("a"));
    await expect(store.claim(claimOf("b", { mark: "m" }))).rejects.toBeInstanceOf(StoreFull);
    expect(await store.claim(claimOf("b"))).toEqual({ outcome: "claimed", repeats: false });
  });

  it("stays within its bound and finds every key while a hundred thousand come and go", async () => {
    const { store, clock } = open(30_000);
    for (let i = 0; i < 100_000; i++) {
      const claim = claimOf(`key-${i}`, { tag: `tag-${i}` });
      await store.claim(claim);
      await store.commit(claim, kept({ key: i % 3 === 0 ? 40_000 : 1_000_000 }));
      clock.now += 1;
      if (i % 1000 !== 999) continue;
      const young = i - (i % 25_000 < 15_000 ? 5_000 : 9);
      if (young > 0)
        expect(await store.claim(claimOf(`key-${young}`, { token: "x" }))).toEqual({ outcome: "duplicate", tag: `tag-${young}` });
    }
    expect(await store.claim(claimOf("key-100", { token: "x" }))).toMatchObject({ outcome: "claimed" });
  }, 30_000);

  it("stays quick where keys differ in their middle only", async () => {
    const { store } = open();
    const start = performance.now();
    for (let i = 0; i < 50_000; i++) {
      const claim = claimOf(`begins-alike-${i}-and-ends-alike`);
      await store.claim(claim);
      await store.commit(claim, kept());
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("rejects, and does not throw, where a claim breaks the contract", async () => {
    const { store } = open();
    await expect(store.claim(claimOf(""))).rejects.toThrow(RangeError);
    await expect(store.claim(claimOf("k".repeat(65)))).rejects.toThrow(RangeError);
    await expect(store.claim(claimOf("k", { tag: "t".repeat(129) }))).rejects.toThrow(RangeError);
    await expect(store.claim(claimOf("\u0100"))).rejects.toThrow(RangeError);
    for (const mark of ["", "m".repeat(65), "\u0100"]) await expect(store.claim(claimOf("k", { mark }))).rejects.toThrow(RangeError);
  });

  it("refuses wrong options by name", () => {
    for (const maxClaims of [0, 1, 1.5, -3, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => memoryStore({ maxClaims })).toThrow(ConfigurationError);
    }
    expect(() => memoryStore({ maxClaims: "9" } as never)).toThrow('maxClaims: saw "9"; expected a whole number');
    expect(() => memoryStore({ now: 5 } as never)).toThrow("now: saw 5; expected a function");
    expect(() => memoryStore({ limit: 5 } as never)).toThrow(/limit/);
    for (const options of [null, 1000])
      expect(() => memoryStore(options as never)).toThrow(`memoryStore: saw ${options}; expected an object`);
    expect(memoryStore({ maxClaims: undefined, now: undefined }).durable).toBe(false);
  });
});

/** Tells which keys are done, the last first: a duplicate changes nothing, and looking ends where one is absent. */
async function present(store: ReturnType<typeof memoryStore>, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys.toReversed()) {
    const answer = await store.claim(claimOf(key, { token: "looking" })).catch(() => undefined);
    if (answer?.outcome !== "duplicate") break;
    found.unshift(key);
  }
  return found;
}
