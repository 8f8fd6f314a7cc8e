import { ConfigurationError, createVerifier, type WebhookEvent } from "@countersign/core";
import { genericSharedToken } from "@countersign/providers/generic-shared-token";
import { sqliteStore } from "@countersign/stores/sqlite";
import { describe, expect, it, vi } from "vitest";
import { makeClaim, rival } from "../../packages/testing/src/stores/case-tools.js";
import { eventOf } from "./event-of.js";
import { databaseForEach } from "./sqlite-handles.js";

const KEEP = { key: 60_000, mark: 60_000 };

describe("sqliteStore's commitIn", () => {
  const { open } = databaseForEach();

  it("stands or falls with the business write", async () => {
    const handle = open();
    const store = sqliteStore(open());
    handle.exec("CREATE TABLE orders (name TEXT)");
    const claim = makeClaim({ mark: "mark-own" });
    await store.claim(claim);
    const transact = handle.transaction((fail: boolean) => {
      handle.exec("INSERT INTO orders VALUES ('one')");
      store.commitIn(handle, eventOf(claim, KEEP));
      if (fail) throw new Error("the handler's own");
    });
    const orders = () => handle.prepare("SELECT count(*) AS n FROM orders").get();
    expect(() => transact(true)).toThrow("the handler's own");
    expect(orders()).toMatchObject({ n: 0 });
    expect(await store.claim(rival(claim))).toMatchObject({ outcome: "busy" });
    transact(false);
    expect(orders()).toMatchObject({ n: 1 });
    expect(await store.claim(rival(claim))).toEqual({ outcome: "duplicate", tag: claim.tag });
    expect(await store.commit(claim, KEEP)).toBe("ok");
  });

  it("leaves a handler in peace that goes on after its transaction", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    const renewed = new Promise<string>((resolve) => {
      const { renew } = store;
      store.renew = async (claim) => {
        const answer = await renew(claim);
        resolve(answer);
        return answer;
      };
    });
    const provider = genericSharedToken({ secret: "s3cret", header: "x-token", idHeader: "x-id" });
    const verifier = createVerifier({ provider, store, endpoint: "orders", https: "off", lease: 1 });
    const delivery = { method: "POST", url: "/", headers: { "x-token": "s3cret", "x-id": "1" }, body: "{}" };
    const reply = await verifier.handle(delivery, async (event) => {
      handle.transaction(() => store.commitIn(handle, event))();
      expect(await renewed).toBe("lost");
      await new Promise(setImmediate);
      expect(event.signal.aborted).toBe(false);
    });
    expect(reply.status).toBe(200);
    expect((await verifier.receive(delivery)).outcome).toBe("duplicate");
  });

  it("refuses a handle in no transaction, where the claim would be committed by itself", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    const claim = makeClaim();
    await store.claim(claim);
    expect(() => store.commitIn(handle, eventOf(claim, KEEP))).toThrow(/^database: no transaction is open/);
    expect(await store.claim(rival(claim))).toMatchObject({ outcome: "busy" });
  });

  it("throws where the lease is not ours any more, or the event has no claim", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    const claim = makeClaim();
    await store.claim(rival(claim));
    expect(() => store.commitIn(handle, eventOf(claim, KEEP))).toThrow(expect.objectContaining({ code: "LEASE_LOST" }));
    expect(() => store.commitIn(handle, { id: "copy" } as WebhookEvent)).toThrow(ConfigurationError);
  });

  it("says where to look when the event is of another copy of core, as two versions side by side make", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    vi.resetModules();
    const other = await import("@countersign/core");
    expect(other.createVerifier).not.toBe(createVerifier);
    const provider = genericSharedToken({ secret: "s3cret", header: "x-token", idHeader: "x-id" });
    const verifier = other.createVerifier({ provider, store, endpoint: "orders", https: "off", observe: false });
    const refused: unknown[] = [];
    const reply = await verifier.handle(
      { method: "POST", url: "/", headers: { "x-token": "s3cret", "x-id": "1" }, body: "{}" },
      (event) => {
        try {
          handle.transaction(() => store.commitIn(handle, event))();
        } catch (error) {
          refused.push(error);
          throw error;
        }
      },
    );
    expect(reply.status).toBe(500);
    expect(refused).toEqual([expect.objectContaining({ message: expect.stringContaining("npm ls @countersign/core") })]);
  });
});
