import { describe, expect, it } from "vitest";
import { askStore, toStoreRefusal } from "../../src/claim/ask-store.js";
import { memoryStore } from "../../src/claim/memory-store.js";
import { StoreFull } from "../../src/claim/store.js";
import { createTimers } from "../../src/claim/timers-node.js";
import { ConfigurationError } from "../../src/errors.js";
import { recordingStore } from "./recording-store.js";

const timers = createTimers(20);
const store = recordingStore();

describe("askStore", () => {
  it("hands on what the store answers, and what it rejects with", async () => {
    expect(await askStore(store, timers, async () => 7)).toBe(7);
    const fault = new Error("no connection");
    await expect(askStore(store, timers, () => Promise.reject(fault))).rejects.toBe(fault);
  });

  it("takes a store that throws for one that rejects", async () => {
    const fault = new Error("no connection");
    const question = (): Promise<never> => {
      throw fault;
    };
    await expect(askStore(store, timers, question)).rejects.toBe(fault);
    await expect(askStore(memoryStore(), timers, question)).rejects.toBe(fault);
  });

  it("waits for no longer than the timers", async () => {
    await expect(askStore(store, timers, () => new Promise(() => {}))).rejects.toThrow("the store did not answer within storeTimeout");
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
