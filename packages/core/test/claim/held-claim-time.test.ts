import { describe, expect, it } from "vitest";
import { aborted, type Held, hold, later } from "./hold.js";

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

  it("that finds it gone has lost nothing where it was committed inside a transaction; the handler keeps its time", async () => {
    const { held, store, claim, said, heard } = await hold({ handlerTimeout: 150 });
    const { signal } = held;
    held.entrust();
    await store.commit(claim, { key: 60_000, mark: 60_000 });
    const renewed = store.next("renew");
    await renewed;
    expect([said, signal.aborted]).toEqual([[], false]);
    await heard();
    expect(said.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT"]);
    expect(store.calls.filter((call) => call === "renew")).toHaveLength(1);
  });

  it("that finds it gone, while its own commit is tried again, has lost nothing either", async () => {
    const { held, store, claim, said } = await hold();
    held.entrust();
    store.before.commit = () => Promise.reject(new Error("no connection"));
    await held.commit();
    await store.release(claim);
    await store.next("renew");
    store.before = {};
    await store.next("commit");
    expect(said).toEqual([]);
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
