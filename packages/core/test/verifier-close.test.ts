import { describe, expect, it } from "vitest";
import { BODY, bytes, good, openGuarded } from "./guarded-verifier.js";

describe("close", () => {
  it("refuses new deliveries, and waits for the handlers under way", async () => {
    const { verifier } = openGuarded();
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
    const { verifier, store } = openGuarded();
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
    const { verifier, store } = openGuarded();
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
    const { verifier, store } = openGuarded();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const verdict = verifier.receive(good({ address: "203.0.113.7", body: readable }));
    await verifier.close();
    const writer = writable.getWriter();
    await writer.write(bytes(BODY));
    await writer.close();
    expect(await verdict).toMatchObject({ code: "CLOSING", reply: { status: 503 } });
    expect(store.calls).toEqual([]);
  });

  it("gives a commit that failed a last try", async () => {
    const { verifier, store, records } = openGuarded();
    store.before.commit = () => Promise.reject(new Error("no connection"));
    expect(await verifier.handle(good({ address: "203.0.113.7" }), () => {})).toMatchObject({ status: 200 });
    store.before = {};
    await verifier.close();
    expect(store.calls).toEqual(["claim", "commit", "commit"]);
    expect(records.map(({ code }) => code)).toEqual([undefined]);
    expect(await store.claim({ ...store.claims[0]!, token: "other" })).toMatchObject({ outcome: "duplicate" });
  });

  it("says which commits the store never took", async () => {
    const { verifier, store, records } = openGuarded();
    const cause = new Error("no connection");
    store.before.commit = () => Promise.reject(cause);
    await verifier.handle(good({ address: "203.0.113.7" }), () => {});
    await Promise.all([verifier.close(), verifier.close()]);
    expect(store.calls).toEqual(["claim", "commit", "commit"]);
    expect(records.slice(1)).toMatchObject([{ kind: "notice", code: "COMMIT_FAILED", id: "1", cause }]);
    expect(records[1]?.detail).toContain("until close() ended the tries");
  });

  it("gives the commit of a handler that it waited for a last try as well", async () => {
    const { verifier, store, records } = openGuarded();
    store.before.commit = () => {
      store.before = {};
      throw new Error("no connection");
    };
    const first = await verifier.receive(good({ address: "203.0.113.7" }));
    const closed = verifier.close();
    if (first.outcome === "accepted") await first.claim.commit();
    await closed;
    expect(store.calls).toEqual(["claim", "commit", "commit"]);
    expect(records.map(({ code }) => code)).toEqual([undefined]);
  });
});
