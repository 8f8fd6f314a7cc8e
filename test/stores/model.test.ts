/** Random operations on the model and on each store. */

import { memoryStore } from "@countersign/core";
import { postgresStore } from "@countersign/stores/postgres";
import { redisStore } from "@countersign/stores/redis";
import { sqliteStore } from "@countersign/stores/sqlite";
import { PGlite } from "@electric-sql/pglite";
import Database from "libsql";
import pg from "pg";
import { createClient } from "redis";
import { afterAll, describe, expect, it } from "vitest";
import { startPostgres } from "../servers/start-postgres.js";
import { startRedis } from "../servers/start-redis.js";
import { type Content, compareWithModel, type Subject } from "./random-operations.js";

const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

describe("random operations agree with the model", () => {
  const check = (name: string, subject: () => Subject | Promise<Subject>) => {
    it(`on ${name}`, async () => compareWithModel(await subject(), (actual, expected) => expect(actual).toEqual(expected)), 60_000);
  };

  check("memoryStore", () => {
    let now = 0;
    const stores = { current: memoryStore({ now: () => now }) };
    return {
      runs: 1000,
      get store() {
        return stores.current;
      },
      age(milliseconds) {
        now += milliseconds;
      },
      clear() {
        stores.current = memoryStore({ now: () => now });
      },
    };
  });

  check("sqliteStore", () => {
    const database = new Database(":memory:");
    closers.push(() => database.close());
    const store = sqliteStore(database);
    const left = "until - CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";
    return {
      store,
      runs: 100,
      age: (milliseconds) => void database.prepare("UPDATE countersign_claims SET until = until - ?").run(milliseconds),
      contents: async () =>
        database.prepare(`SELECT key AS name, token, tag, ${left} AS left FROM countersign_claims WHERE ${left} > 0`).all() as Content[],
      async clear() {
        await store.check();
        database.exec("DELETE FROM countersign_claims");
      },
    };
  });

  describe("over servers", async () => {
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres(["fsync=off"])]);
    for (const server of [redis, postgres]) if (!("missing" in server)) closers.push(() => server.stop());

    if ("missing" in redis) it.skip(`on redisStore (skipped: ${redis.missing})`);
    else
      check("redisStore", async () => {
        const client = await createClient({ url: redis.url }).connect();
        closers.push(() => client.close());
        const entries = async () => {
          const names = await client.keys("*");
          return Promise.all(names.map(async (full) => ({ full, value: (await client.get(full)) ?? "", left: await client.pTTL(full) })));
        };
        return {
          store: redisStore(client),
          runs: 60,
          async age(milliseconds) {
            for (const { full, left } of await entries()) await client.pExpire(full, left - milliseconds);
          },
          async contents() {
            return (await entries()).map(({ full, value, left }) => {
              const [, token = null, tag = ""] = /^(?:L1:(\w+)|D1):(.*)$/.exec(value) ?? [];
              return { name: full.replace("countersign:{p}:", ""), token, tag, left };
            });
          },
          clear: async () => void (await client.flushDb()),
        };
      });

    if ("missing" in postgres) it.skip(`on postgresStore (skipped: ${postgres.missing})`);
    else
      check("postgresStore", async () => {
        const pool = new pg.Pool({ connectionString: postgres.url });
        closers.push(() => pool.end());
        return { runs: 30, ...(await inSql(pool)) };
      });

    check("postgresStore over PGlite", async () => {
      const database = new PGlite();
      closers.push(() => database.close());
      return { runs: 20, ...(await inSql(database)) };
    });
  });
});

async function inSql(client: { query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> }): Promise<Omit<Subject, "runs">> {
  const store = postgresStore(client);
  await store.migrate();
  const left = "extract(epoch FROM until - clock_timestamp())::float8 * 1000";
  return {
    store,
    age: async (ms) => void (await client.query("UPDATE countersign_claims SET until = until - $1::float8 * interval '1 ms'", [ms])),
    contents: async () =>
      (await client.query(`SELECT key AS name, token, tag, ${left} AS left FROM countersign_claims WHERE until > clock_timestamp()`))
        .rows as Content[],
    clear: async () => void (await client.query("DELETE FROM countersign_claims")),
  };
}
