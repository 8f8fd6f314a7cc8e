import { describe, expect, it } from "vitest";
import { hold, later } from "./hold.js";

describe("commit", () => {
  it("that fails is tried again, the lease being renewed meanwhile, and never released", async () => {
    const { held, store, other, said, settled, left } = await hold();
    let failures = 1;
    store.before.commit = () => {
      if (failures-- > 0) throw new Error("no connection");
    };
    await held.commit();
    expect([settled, left()]).toEqual([[{ status: 204, code: undefined, cause: undefined }], 1]);
    expect(await other()).toMatchObject({ outcome: "busy" });
    await held.release();
    await store.next("commit");
    expect(await other()).toMatchObject({ outcome: "duplicate" });
    expect(store.calls).not.toContain("release");
    expect(store.calls.filter((call) => call === "renew").length).toBeGreaterThan(3);
    await later(60);
    expect(said).toEqual([]);
  });

  it("that is tried again after the handler's time is no handler that does not end", async () => {
    const { held, store, said, left } = await hold({ handlerTimeout: 60 });
    store.before.commit = () => {
      store.before = {};
      throw new Error("no connection");
    };
    await held.commit();
    await store.next("commit");
    expect([said, held.signal.aborted, left()]).toEqual([[], false, 1]);
  });

  it("that never succeeds is said at the end of the horizon", async () => {
    const { held, store, said, heard } = await hold({ commitHorizon: 300 });
    const fault = new Error("no connection");
    store.before.commit = () => Promise.reject(fault);
    await held.commit();
    await heard();
    expect(said).toMatchObject([{ code: "COMMIT_FAILED", cause: fault, id: "evt_1" }]);
    expect(said[0]?.detail).toContain("tried through the provider's whole retry horizon;");
    expect(store.calls.filter((call) => call === "commit")).toHaveLength(2);
    const { length } = store.calls;
    await later(80);
    expect(store.calls).toHaveLength(length);
  });

  it.each([
    ["held", undefined],
    ["done", new Error("the store's commit answered neither ok nor held")],
  ])("that is answered %s through the horizon is said with its cause, if there is one", async (answer, cause) => {
    const { held, store, said } = await hold({ commitHorizon: 10 });
    store.commit = async () => answer as "held";
    await held.commit();
    expect(said).toMatchObject([{ code: "COMMIT_FAILED", cause }]);
  });

  it("that fails is tried again in the store's own time where a platform's is over", async () => {
    const { held, store, other } = await hold({ deadline: Date.now() });
    store.before.commit = () => {
      store.before.commit = () => later(20);
      throw new Error("no connection");
    };
    await held.commit();
    await store.next("commit");
    expect(await other()).toMatchObject({ outcome: "duplicate" });
    await later(20);
    expect(store.calls.filter((call) => call === "commit")).toHaveLength(2);
  });

  it("of a silent store is waited for no longer than storeTimeout", async () => {
    const { held, store } = await hold({ storeTimeout: 20, commitHorizon: 10 });
    store.before.commit = () => new Promise(() => {});
    await held.commit();
    expect(store.calls).toContain("commit");
  });

  it("without a claim asks no store", async () => {
    const { held, store, settled, left } = await hold({ bare: true });
    expect(held.token).toBe("");
    await held.commit();
    expect([store.calls, settled.length, left()]).toEqual([[], 1, 1]);
    const released = await hold({ bare: true });
    await released.held.release();
    expect(released.store.calls).toEqual([]);
  });
});

describe("release", () => {
  it("gives the event back at once", async () => {
    const { held, other, settled } = await hold();
    expect(held.token).toBe("mine");
    await held.release();
    expect(await other()).toMatchObject({ outcome: "claimed" });
    expect(settled).toEqual([{ status: undefined, code: "HANDLER_FAILED", cause: undefined }]);
  });

  it("leaves alone what another has taken over", async () => {
    const { held, store, claim, other } = await hold({ lease: 30_000 });
    await store.release(claim);
    await other();
    await held.release();
    expect(await store.claim({ ...claim, token: "third" })).toMatchObject({ outcome: "busy" });
  });

  it("that the store does not hear is left to the lease", async () => {
    const { held, store, said } = await hold();
    store.before.release = () => Promise.reject(new Error("no connection"));
    await held.release();
    expect(said).toEqual([]);
  });
});

describe("settlement", () => {
  it.each([
    [200, "commit", undefined],
    [299, "commit", undefined],
    [199, "release", "HANDLER_FAILED"],
    [302, "release", "HANDLER_FAILED"],
    [500, "release", "HANDLER_FAILED"],
  ] as const)("by status %i is a %s", async (status, call, code) => {
    const { held, store, settled } = await hold();
    await held.conclude(status);
    expect(store.calls).toEqual(["claim", call]);
    expect(settled).toEqual([{ status, code, cause: undefined }]);
  });

  it.each(["HANDLER_FAILED", "NOBODY_REPLIED"] as const)("by %s releases, and answers 500", async (code) => {
    const { held, store, settled } = await hold();
    const fault = new Error("x");
    expect(await held.fail(code, fault)).toMatchObject({ status: 500 });
    expect(store.calls).toEqual(["claim", "release"]);
    expect(settled).toEqual([{ status: 500, code, cause: fault }]);
  });

  it("counts once", async () => {
    const { held, store, settled } = await hold();
    await held.release();
    await held.commit();
    await held.conclude(200);
    await held.fail("HANDLER_FAILED");
    await held.release();
    expect([store.calls, settled.length]).toEqual([["claim", "release"], 1]);
  });
});
