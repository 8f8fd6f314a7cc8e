import { ConfigurationError, type WebhookEvent } from "@countersign/core";
import { postgresStore } from "@countersign/stores/postgres";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import postgres from "postgres";
import { afterAll, describe, expect, it } from "vitest";
import { makeClaim } from "../../packages/testing/src/stores/case-tools.js";
import { startPostgres } from "../servers/start-postgres.js";
import { eventOf } from "./event-of.js";

const KEEP = { key: 60_000, mark: 60_000 };

const server = await startPostgres(["fsync=off"]);

if ("missing" in server) describe.skip(`postgresStore's commitIn (skipped: ${server.missing})`);
else
  describe("postgresStore's commitIn", async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 20 });
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
    const sql = postgres(server.url, { max: 4, onnotice: () => undefined });
    const lite = new PGlite();
    afterAll(async () => {
      await Promise.all([pool.end(), sql.end(), lite.close()]);
      await server.stop();
    });
    const store = postgresStore(pool);

    /** A transaction that writes one order and commits the claim, over each client. */
    const transactions: Record<string, (event: WebhookEvent, fail: boolean) => Promise<unknown>> = {
      async pg(event, fail) {
        const client = await pool.connect();
        try {
          await client.query("BEGIN");
          await client.query("INSERT INTO orders VALUES ('pg')");
          await store.commitIn(client, event);
          if (fail) throw new Error("the handler's own");
          await client.query("COMMIT");
          client.release();
        } catch (error) {
          client.release(true);
          throw error;
        }
      },
      "postgres.js": (event, fail) =>
        sql.begin(async (transaction) => {
          await transaction`INSERT INTO orders VALUES ('postgres.js')`;
          await store.commitIn(transaction, event);
          if (fail) throw new Error("the handler's own");
        }),
      PGlite: (event, fail) =>
        lite.transaction(async (transaction) => {
          await transaction.query("INSERT INTO orders VALUES ('PGlite')");
          await store.commitIn(transaction, event);
          if (fail) throw new Error("the handler's own");
        }),
    };
    const schema = "CREATE TABLE IF NOT EXISTS orders (name text)";

    for (const [name, transact] of Object.entries(transactions)) {
      it(`stands or falls with the business write over ${name}`, async () => {
        const run: { query(text: string): Promise<{ rows: unknown[] }> } = name === "PGlite" ? lite : pool;
        const here = name === "PGlite" ? postgresStore(lite) : store;
        await here.migrate();
        await run.query(schema);
        for (const mark of [undefined, `mark-own-${name}`]) {
          const orders = async () => (await run.query(`SELECT name FROM orders WHERE name = '${name}'`)).rows.length;
          const before = await orders();
          const claim = makeClaim({ mark: mark?.replace(".", "-") });
          await here.claim(claim);
          await expect(transact(eventOf(claim, KEEP), true)).rejects.toThrow("the handler's own");
          expect(await orders()).toBe(before);
          expect(await here.claim({ ...claim, token: "other" })).toMatchObject({ outcome: "busy" });
          await transact(eventOf(claim, KEEP), false);
          expect(await orders()).toBe(before + 1);
          expect(await here.claim({ ...claim, token: "other" })).toEqual({ outcome: "duplicate", tag: claim.tag });
          expect(await here.commit(claim, KEEP)).toBe("ok");
        }
      });

      it(`throws over ${name} where the lease is not ours any more, and nothing is written`, async () => {
        const run: { query(text: string): Promise<{ rows: unknown[] }> } = name === "PGlite" ? lite : pool;
        const here = name === "PGlite" ? postgresStore(lite) : store;
        const orders = async () => (await run.query("SELECT name FROM orders")).rows.length;
        const before = await orders();
        const claim = makeClaim();
        await expect(transact(eventOf(claim, KEEP), false)).rejects.toMatchObject({ code: "LEASE_LOST" });
        await here.claim({ ...claim, token: "other" });
        await expect(transact(eventOf(claim, KEEP), false)).rejects.toMatchObject({ code: "LEASE_LOST" });
        expect(await orders()).toBe(before);
      });
    }

    it("commits nothing where the connection is cut in the transaction, and ends no process that listens to it", async () => {
      const claim = makeClaim();
      await store.claim(claim);
      const client = await pool.connect();
      await client.query("BEGIN");
      await store.commitIn(client, eventOf(claim, KEEP));
      const cut = new Promise<void>((resolve) => client.once("end", resolve));
      const [{ pid }] = (await client.query("SELECT pg_backend_pid() AS pid")).rows;
      await pool.query("SELECT pg_terminate_backend($1)", [pid]);
      await cut;
      await expect(client.query("COMMIT")).rejects.toThrow(/not queryable/);
      client.release(true);
      expect(await store.claim({ ...claim, token: "other" })).toMatchObject({ outcome: "busy" });
      expect(await store.renew(claim)).toBe("ok");
    });

    it("makes a rival wait for the transaction's end, even past the lease, and then see it done", async () => {
      const client = await pool.connect();
      await client.query("BEGIN");
      const claim = makeClaim({ lease: 500 });
      await store.claim(claim);
      await store.commitIn(client, eventOf(claim, KEEP));
      await client.query("SELECT pg_sleep(0.6)");
      let answered = false;
      const rival = store.claim({ ...claim, token: "other", lease: 60_000 }).finally(() => {
        answered = true;
      });
      await client.query("SELECT pg_sleep(0.1)");
      expect(answered).toBe(false);
      await client.query("COMMIT");
      client.release();
      expect(await rival).toEqual({ outcome: "duplicate", tag: claim.tag });
    });

    it("refuses a pool, on which the claim would be committed outside the transaction", async () => {
      const claim = makeClaim();
      await store.claim(claim);
      for (const all of [pool, sql]) await expect(store.commitIn(all, eventOf(claim, KEEP))).rejects.toThrow(/^transaction: saw /);
      expect(await store.claim({ ...claim, token: "other" })).toMatchObject({ outcome: "busy" });
    });

    it("takes a reserved connection of postgres.js", async () => {
      const claim = makeClaim();
      await store.claim(claim);
      const reserved = await sql.reserve();
      await reserved`BEGIN`;
      await store.commitIn(reserved, eventOf(claim, KEEP));
      await reserved`COMMIT`;
      reserved.release();
      expect(await store.claim({ ...claim, token: "other" })).toMatchObject({ outcome: "duplicate" });
    });

    it("refuses an event without a claim", async () => {
      await expect(store.commitIn(pool, { id: "copy" } as WebhookEvent)).rejects.toThrow(ConfigurationError);
      await expect(store.commitIn({} as never, { id: "copy" } as WebhookEvent)).rejects.toThrow(/^transaction: /);
    });
  });
