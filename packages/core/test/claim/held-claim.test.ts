import { describe, expect, it } from "vitest";
import { type ClaimKeeper, HeldClaim, type Settlement } from "../../src/claim/held-claim.js";
import type { Claim } from "../../src/claim/store.js";
import { createTimers } from "../../src/claim/timers-node.js";
import { recordingStore } from "./recording-store.js";

interface Held {
  readonly lease?: number;
  readonly renewEvery?: number;
  /** How long its timers really take: a platform's may be early, and a busy process is late. */
  readonly renewAfter?: number;
  readonly handlerTimeout?: number;
  readonly commitHorizon?: number;
  readonly storeTimeout?: number;
  /** Not deduplicated: no claim at all. */
  readonly bare?: boolean;
}

/** Takes a claim on a store and holds it, in milliseconds. */
async function hold({
  lease = 400,
  renewEvery = lease / 13,
  renewAfter = renewEvery,
  handlerTimeout = 60_000,
  commitHorizon = 60_000,
  storeTimeout = 1000,
  bare = false,
}: Held = {}) {
  const store = recordingStore();
  const claim: Claim = { token: "mine", key: "k", partition: "p", tag: "t", lease };
  if (!bare) await store.claim(claim);
  const said: { code: string; detail: string; cause: unknown }[] = [];
  const settled: Settlement[] = [];
  let left = 0;
  const listeners: (() => void)[] = [];
  const renewalTimers = createTimers(renewAfter);
  const keeper: ClaimKeeper = {
    store,
    storeTimers: createTimers(storeTimeout),
    renewEvery,
    renewalTimers,
    commitHorizon,
    say(code, detail, cause) {
      said.push({ code, detail, cause });
      for (const resume of listeners.splice(0)) resume();
    },
    leave: () => void left++,
  };
  const held = new HeldClaim(keeper, {
    claim: bare ? undefined : claim,
    keep: { key: 60_000, mark: 60_000 },
    handlerTimeout,
    successStatus: 204,
    settled: (settlement) => settled.push(settlement),
  });
  return {
    held,
    store,
    claim,
    said,
    settled,
    left: () => left,
    /** Fulfils when something is said. */
    heard: () => new Promise<void>((resolve) => listeners.push(resolve)),
    /** Fulfils after every renewal that is due by now. */
    nextRenewal: () => new Promise<void>((resolve) => renewalTimers.start(resolve)),
    /** What another delivery of the event meets. */
    other: () => store.claim({ ...claim, token: "other" }),
  };
}
const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("renewal", () => {
  it("holds the lease for as long as the handler works", async () => {
    const { held, store, other } = await hold();
    for (let round = 0; round < 5; round++) await store.next("renew");
    expect(await other()).toMatchObject({ outcome: "busy" });
    expect(held.signal.aborted).toBe(false);
    await held.commit();
    expect(await other()).toMatchObject({ outcome: "duplicate", tag: "t" });
  });

  it("ends with the claim", async () => {
    const { held, store } = await hold({ lease: 30 });
    await held.release();
    await later(60);
    expect(store.calls).toEqual(["claim", "release"]);
  });

  it("that is under way while the claim ends changes nothing", async () => {
    const { held, store, said } = await hold();
    let resume = (): void => {};
    store.before.renew = () => new Promise((resolve) => (resume = resolve));
    while (!store.calls.includes("renew")) await later(5);
    await held.commit();
    const renewed = store.next("renew");
    resume();
    await renewed;
    await later(60);
    expect([said, store.calls.filter((call) => call === "renew").length]).toEqual([[], 1]);
  });

  it.each(["still ours", "lost"])("that is under way while the handler's time ends is the last, the lease being %s", async (answer) => {
    const { held, store, claim, said, heard, nextRenewal } = await hold({ renewEvery: 10_000, renewAfter: 20, handlerTimeout: 60 });
    let resume = (): void => {};
    const asked = new Promise<void>((resolve) => {
      store.before.renew = () => {
        resolve();
        return new Promise((go) => (resume = go));
      };
    });
    await Promise.all([asked, heard()]);
    if (answer === "lost") await store.release(claim);
    const renewed = store.next("renew");
    resume();
    await renewed;
    // the second begins after whatever the answer has started
    await nextRenewal();
    await nextRenewal();
    expect(said.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT"]);
    expect(String(held.signal.reason)).toContain("HANDLER_TIMEOUT");
    expect(store.calls.filter((call) => call === "renew")).toHaveLength(1);
  });

  it("that finds the lease lost aborts the handler, and says so once", async () => {
    const { held, store, claim, said, heard, settled } = await hold();
    const { signal } = held;
    await store.release(claim);
    await Promise.all([heard(), aborted(signal)]);
    expect(said).toMatchObject([{ code: "LEASE_LOST" }]);
    expect(String(signal.reason)).toContain("LEASE_LOST");
    await held.commit();
    expect(settled).toEqual([{ status: 204, code: undefined, cause: undefined }]);
  });

  it("once lost, leaves a handler that does not end its time, and no more", async () => {
    const { store, claim, said, heard, left } = await hold({ handlerTimeout: 150 });
    await store.release(claim);
    await heard();
    await heard();
    expect([said.map(({ code }) => code), left()]).toEqual([["LEASE_LOST", "HANDLER_TIMEOUT"], 1]);
  });

  it("bears with a store that fails for less than the lease", async () => {
    const { held, store, said } = await hold({ lease: 150 });
    let failures = 1;
    store.before.renew = () => {
      if (failures-- > 0) throw new Error("no connection");
    };
    for (let round = 0; round < 4; round++) await store.next("renew");
    expect([said, held.signal.aborted]).toEqual([[], false]);
    await held.release();
  });

  it("gives up on a store that fails for the whole lease", async () => {
    const { held, store, said, heard } = await hold({ lease: 60 });
    const fault = new Error("no connection");
    store.before.renew = () => Promise.reject(fault);
    await heard();
    expect(said).toMatchObject([{ code: "LEASE_LOST", cause: fault }]);
    expect(held.signal.aborted).toBe(true);
  });
});

describe("the handler's time", () => {
  it.each<[string, Held]>([
    ["within the first renewal", { lease: 900, handlerTimeout: 60 }],
    ["after several renewals", { lease: 60, handlerTimeout: 130 }],
    ["where the lease is short and renewed late", { lease: 300, renewEvery: 10_000, handlerTimeout: 150 }],
    ["where the lease is long and renewed often", { lease: 3000, renewEvery: 40, handlerTimeout: 150 }],
    ["where renewals come early", { lease: 3000, renewEvery: 10_000, renewAfter: 20, handlerTimeout: 150 }],
    ["where renewals come late", { lease: 3000, renewEvery: 1, renewAfter: 100, handlerTimeout: 50 }],
    ["where there is no claim", { bare: true, handlerTimeout: 60 }],
    ["where none is left", { handlerTimeout: 0 }],
  ])("ends %s: the signal aborts, renewal stops, and it is said once", async (_, given) => {
    const { held, store, said, heard, settled, left } = await hold(given);
    const { signal } = held;
    let timedOut = 0;
    held.onTimeout = () => timedOut++;
    await Promise.all([heard(), aborted(signal)]);
    await later(80);
    const renewals = store.calls.filter((call) => call === "renew").length;
    await later(80);
    expect(said).toMatchObject([{ code: "HANDLER_TIMEOUT" }]);
    expect(settled).toEqual([{ status: undefined, code: "HANDLER_TIMEOUT", cause: undefined }]);
    expect([timedOut, left()]).toEqual([1, 1]);
    expect(String(signal.reason)).toContain("HANDLER_TIMEOUT");
    expect(store.calls.filter((call) => call === "renew")).toHaveLength(renewals);
  });

  it("lets the next delivery take over, and a late commit changes nothing that another holds", async () => {
    const { held, heard, other, settled, store } = await hold({ lease: 40, handlerTimeout: 30, commitHorizon: 10 });
    await heard();
    let answer = await other();
    while (answer.outcome === "busy") {
      await later(10);
      answer = await other();
    }
    expect(answer.outcome).toBe("claimed");
    await held.commit();
    expect(await store.claim({ token: "third", key: "k", partition: "p", tag: "t", lease: 40 })).toMatchObject({ outcome: "busy" });
    expect(settled).toHaveLength(1);
  });

  it("asked for late, the signal is aborted already", async () => {
    const { held, heard } = await hold({ handlerTimeout: 10 });
    await heard();
    expect(held.signal.aborted).toBe(true);
    expect(held.signal).toBe(held.signal);
  });
});

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
    expect(said).toMatchObject([{ code: "COMMIT_FAILED", cause: fault }]);
    expect(store.calls.filter((call) => call === "commit")).toHaveLength(2);
    const { length } = store.calls;
    await later(80);
    expect(store.calls).toHaveLength(length);
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
