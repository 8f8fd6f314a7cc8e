import { type StoreSession, storeCases } from "@countersign/testing/stores";
import { describe, expect, it } from "vitest";
import { FAULTS, type Fault, mapStore } from "./map-store.js";

/** Runs every case that a store in the process can be asked; answers the names of those it fails. */
async function failuresOf(fault?: Fault): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, needs = [], run } of storeCases) {
    if (needs.length > 0) continue;
    let now = 1_000_000;
    const store = mapStore(() => now, fault);
    const session: StoreSession = {
      stores: [store, store],
      elapse: (milliseconds) => {
        now += milliseconds;
      },
      close: async () => undefined,
    };
    await run(session).catch(() => failed.push(name));
  }
  return failed;
}

describe("storeCases", () => {
  it("pass a store that keeps the contract", async () => {
    expect(await failuresOf()).toEqual([]);
  });

  for (const [fault, name] of Object.entries(FAULTS)) {
    it(`fail a store where ${fault}`, async () => {
      expect(await failuresOf(fault as Fault)).toContain(name);
    });
  }
});
