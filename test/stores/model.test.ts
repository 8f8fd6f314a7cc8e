/** Random operations on the model and on each store, under one clock: equal answers, and equal contents after every step. */

import { type Claim, memoryStore, type Store } from "@countersign/core";
import { postgresStore } from "@countersign/stores/postgres";
import { redisStore } from "@countersign/stores/redis";
import { sqliteStore } from "@countersign/stores/sqlite";
import { PGlite } from "@electric-sql/pglite";
import fc from "fast-check";
import Database from "libsql";
import pg from "pg";
import { createClient } from "redis";
import { afterAll, describe, expect, it } from "vitest";
import { startPostgres } from "../servers/start-postgres.js";
import { startRedis } from "../servers/start-redis.js";
import { claim as claimed, commit, type Model, release, renew } from "./claims-model.js";

/** What lies under a name: whose lease it is, or nobody's where it is done. `left` in milliseconds. */
interface Content {
  readonly name: string;
  readonly token: string | null;
  readonly tag: string;
  readonly left: number;
}

interface Subject {
  readonly store: Store;
  readonly runs: number;
  /** Lets time pass, for every entry. */
  age(milliseconds: number): Promise<void> | void;
  /** What the server itself says it holds; the memory store is asked through its operations only. */
  contents?(): Promise<Content[]>;
  clear(): Promise<void> | void;
}

type Step =
  | { readonly kind: "age"; readonly steps: number }
  | (Omit<Claim, "partition"> & {
      readonly kind: "claim" | "renew" | "commit" | "release";
      readonly keep: { readonly key: number; readonly mark: number };
    });

const MODEL = { claim: claimed, renew, release };
const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

// Time goes in steps of a thousand seconds and ends between steps: the milliseconds that a run takes decide nothing.
const STEP = 1_000_000;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("age" as const), steps: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("claim" as const, "claim" as const, "renew" as const, "commit" as const, "release" as const),
      key: fc.constantFrom("k1", "k2", "k3"),
      mark: fc.constantFrom(undefined, "m1", "m2"),
      token: fc.constantFrom("t1", "t2", "t3"),
      tag: fc.constantFrom("g1", "g:2"),
      lease: fc.constantFrom(1.5 * STEP, 2.5 * STEP),
      keep: fc.record({ key: fc.constantFrom(2.5 * STEP, 5.5 * STEP), mark: fc.constantFrom(3.5 * STEP, 6.5 * STEP) }),
    }),
  },
);

async function compare(subject: Subject, steps: readonly Step[]): Promise<void> {
  await subject.clear();
  const held: Model = new Map();
  let now = 0;
  for (const action of [...steps, ...last]) {
    if (action.kind === "age") {
      now += action.steps * STEP;
      await subject.age(action.steps * STEP);
    } else {
      const { kind, keep, ...rest } = action;
      const claim: Claim = { partition: "p", ...rest };
      const [expected, actual] =
        kind === "commit"
          ? [commit(held, now, claim, keep), await subject.store.commit(claim, keep)]
          : [MODEL[kind](held, now, claim), await subject.store[kind](claim)];
      expect(rounded(actual)).toEqual(rounded(expected));
    }
    if (subject.contents === undefined) continue;
    const expected = [...held]
      .filter(([, { until }]) => until > now)
      .map(([name, { state, token, tag, until }]) => ({ name, token: state === "done" ? null : token, tag, left: until - now }));
    expect(sorted(await subject.contents())).toEqual(sorted(expected));
  }
}

/** Looks at every name by operations alone, at the end of each run. */
const last: readonly Step[] = ["k1", "k2", "k3"].flatMap((key) =>
  [
    ...["t1", "t2", "t3"].map((token) => ({ kind: "renew" as const, token })),
    ...["m1", "m2"].map((mark) => ({ kind: "claim" as const, token: "probe", mark })),
  ].map((probe) => ({ key, mark: undefined, tag: "probe", lease: 1.5 * STEP, keep: { key: STEP, mark: STEP }, ...probe })),
);

const rounded = (answer: unknown): unknown =>
  typeof answer === "object" && answer !== null && "remaining" in answer
    ? { ...answer, remaining: round(Number(answer.remaining)) }
    : answer;
const round = (time: number): number => Math.round(time / (STEP / 2)) * (STEP / 2);
const sorted = (contents: readonly Content[]) =>
  contents.map((content) => ({ ...content, left: round(content.left) })).sort((a, b) => (a.name < b.name ? -1 : 1));

describe("random operations agree with the model", () => {
  const check = (name: string, subject: () => Subject | Promise<Subject>) => {
    it(`on ${name}`, async () => {
      const opened = await subject();
      const steps = fc.array(step, { minLength: 1, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(steps, (actions) => compare(opened, actions)),
        { numRuns: opened.runs },
      );
    }, 60_000);
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
