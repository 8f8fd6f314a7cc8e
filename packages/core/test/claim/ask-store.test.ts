import { describe, expect, it } from "vitest";
import { createAskedStore, toStoreRefusal } from "../../src/claim/ask-store.js";
import { memoryStore } from "../../src/claim/memory-store.js";
import { type Claim, type Keep, type Store, StoreFull } from "../../src/claim/store.js";
import { createTimers } from "../../src/claim/timers-node.js";
import { ConfigurationError } from "../../src/errors.js";
import { recordingStore } from "./recording-store.js";

const claim: Claim = { token: "mine", key: "k", partition: "p", tag: "t", lease: 60_000 };
const keep: Keep = { key: 60_000, mark: 60_000 };
const never = new Promise<never>(() => {});
const ask = (store: Store, storeTimeout = 20) => createAskedStore(store, createTimers(storeTimeout));

describe("createAskedStore", () => {
  it("hands on what the store answers, and what it rejects with", async () => {
    const store = recordingStore();
    const asked = ask(store, 1000);
    expect(await asked.claim(claim, undefined)).toEqual({ outcome: "claimed", repeats: false });
    expect(await asked.renew(claim)).toBe("ok");
    expect(await asked.commit(claim, keep, undefined)).toBe("ok");
    const fault = new Error("no connection");
    store.before.commit = () => Promise.reject(fault);
    await expect(asked.commit(claim, keep, undefined)).rejects.toBe(fault);
  });

  it("takes a store that throws for one that rejects, and one that answers no promise as it is", async () => {
    const fault = new Error("no connection");
    const thrower = {
      ...recordingStore(),
      renew() {
        throw fault;
      },
      commit: () => "held",
    } as unknown as Store;
    await expect(ask(thrower).renew(claim)).rejects.toBe(fault);
    expect(await ask(thrower).commit(claim, keep, undefined)).toBe("held");
  });

  it("waits for no longer than the timers, and no longer than a platform lets it", async () => {
    const silent: Store = { ...recordingStore(), commit: () => never, claim: () => never };
    await expect(ask(silent).commit(claim, keep, undefined)).rejects.toThrow("the store did not answer in time");
    await expect(ask(silent, 60_000).commit(claim, keep, 5)).rejects.toThrow("the store did not answer in time");
    await expect(ask(silent, 60_000).claim(claim, -5)).rejects.toThrow("the store did not answer in time");
  });

  it("releases a claim whose answer was lost, now and when the answer still comes", async () => {
    const store = recordingStore();
    let answer = (): void => {};
    store.before.claim = () => new Promise((resolve) => (answer = resolve));
    const released = store.next("release");
    await expect(ask(store).claim(claim, undefined)).rejects.toThrow("the store did not answer in time");
    await released;
    const again = store.next("release");
    answer();
    await again;
    store.before = {};
    expect(await store.claim({ ...claim, token: "other" })).toMatchObject({ outcome: "claimed" });
  });

  it("never fails at a release", async () => {
    const store = recordingStore();
    store.before.release = () => Promise.reject(new Error("no connection"));
    expect(await ask(store).release(claim)).toBeUndefined();
  });

  it("asks the memory store without a turn of the event loop", () => {
    const store = memoryStore();
    const asked = ask(store);
    expect(asked.claim(claim, undefined)).toEqual({ outcome: "claimed", repeats: false });
    expect(asked.renew(claim)).toBe("ok");
    expect(asked.release(claim)).toBeUndefined();
    expect(asked.commit(claim, keep, undefined)).toBe("ok");
  });

  it("asks what stands in the place of a memory store's method", async () => {
    const store = memoryStore();
    const asked = ask(store);
    Object.assign(store, { claim: async () => ({ outcome: "busy", remaining: 7 }) });
    expect(await asked.claim(claim, undefined)).toEqual({ outcome: "busy", remaining: 7 });
    const copied = ask({ ...memoryStore(), claim: () => never });
    await expect(copied.claim(claim, undefined)).rejects.toThrow("the store did not answer in time");
  });
});

describe("toStoreRefusal", () => {
  it.each([
    [new StoreFull("full"), "STORE_FULL", 30],
    [new ConfigurationError("table", "it is missing"), "MISCONFIGURED", undefined],
    [new Error("no connection"), "STORE_UNAVAILABLE", 5],
    ["a text", "STORE_UNAVAILABLE", 5],
    [null, "STORE_UNAVAILABLE", 5],
  ])("takes %s for %s", (error, code, retryAfter) => {
    expect(toStoreRefusal(error)).toMatchObject({ code, retryAfter, cause: error });
  });
});
