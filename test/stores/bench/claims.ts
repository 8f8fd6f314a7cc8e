/**
 * What a claim costs, as ratios: claims per second at 50 in flight against as many bare writes of as many keys on the same server, in
 * turns within one run; and bytes per live claim.
 *
 *   node --conditions=@countersign/source --import tsx test/stores/bench/claims.ts [claims per turn] [live claims to weigh]
 */

import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { type Claim, memoryStore, type Store } from "@countersign/core";
import { postgresStore } from "@countersign/stores/postgres";
import { redisStore } from "@countersign/stores/redis";
import { sqliteStore } from "@countersign/stores/sqlite";
import { Redis } from "ioredis";
import Database from "libsql";
import pg from "pg";
import { startPostgres } from "../../servers/start-postgres.js";
import { startRedis } from "../../servers/start-redis.js";
import { makeDatabaseFile } from "../sqlite-harness.js";

const [turn = 5000, live = 200_000] = process.argv.slice(2, 4).map(Number);
const IN_FLIGHT = 50;
const TURNS = 7;
const WEEK = 7 * 24 * 3_600_000;

/** A digest, as keys and marks are: it falls anywhere in an index, not at its end. */
const name = (): string => randomBytes(32).toString("base64url");
const makeClaim = (mark: boolean): Claim => ({
  token: crypto.randomUUID(),
  key: name(),
  mark: mark ? name() : undefined,
  partition: "orders-stripe-digest00",
  tag: name().slice(0, 22),
  lease: 30_000,
});

/** Runs something so often, so many at a time; answers how many per second. */
async function rate(times: number, act: () => Promise<unknown>): Promise<number> {
  let left = times;
  const start = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (times * 1000) / (performance.now() - start);
}

/** Compares one key with one bare write, and key and mark with two, in turns; prints the medians. */
async function compare(
  title: string,
  store: Store,
  bare: (claim: Claim) => Promise<unknown>,
  more: Record<string, () => Promise<unknown>> = {},
): Promise<void> {
  const subjects: Record<string, () => Promise<unknown>> = {
    ...more,
    "bare write of one key": () => bare(makeClaim(false)),
    "claim of one key": () => store.claim(makeClaim(false)),
    "two bare writes": () => bare(makeClaim(true)),
    "claim of key and mark": () => store.claim(makeClaim(true)),
    "claim and commit": async () => {
      const claim = makeClaim(false);
      await store.claim(claim);
      await store.commit(claim, { key: WEEK, mark: WEEK });
    },
  };
  const rates = new Map<string, number[]>();
  for (let i = 0; i <= TURNS; i++) {
    for (const [subject, act] of Object.entries(subjects)) {
      const measured = await rate(turn, act);
      // The first turn warms up.
      if (i > 0) rates.set(subject, [...(rates.get(subject) ?? []), measured]);
    }
  }
  const median = (subject: string): number => [...(rates.get(subject) ?? [])].sort((a, b) => a - b)[Math.floor(TURNS / 2)] ?? 0;
  console.log(`\n${title}`);
  for (const subject of Object.keys(subjects))
    console.log(`  ${subject.padEnd(24)} ${Math.round(median(subject)).toLocaleString("en")} per second`);
  console.log(`  one key: ${(median("bare write of one key") / median("claim of one key")).toFixed(2)} x a bare write`);
  for (const other of ["two bare writes", ...Object.keys(more)])
    console.log(`  two keys: ${(median(other) / median("claim of key and mark")).toFixed(2)} x ${other}`);
}

/** Commits many claims and prints what one weighs. */
async function weigh(title: string, store: Store, weight: () => Promise<number> | number): Promise<void> {
  const before = await weight();
  await rate(live, async () => {
    const claim = makeClaim(false);
    await store.claim(claim);
    await store.commit(claim, { key: WEEK, mark: WEEK });
  });
  console.log(`  ${title}: ${Math.round(((await weight()) - before) / live)} bytes per live claim, at ${live.toLocaleString("en")}`);
}

const redis = await startRedis();
if ("missing" in redis) console.log(`Redis skipped: ${redis.missing}`);
else {
  const client = new Redis(redis.port, "127.0.0.1");
  const store = redisStore(client);
  const set = (key: string, { partition, token, tag, lease }: Claim) =>
    client.set(`countersign:{${partition}}:${key}`, `L1:${token}:${tag}`, "PX", lease, "NX");
  await compare("Redis (ioredis), against SET NX PX", store, (claim) =>
    claim.mark === undefined ? set(claim.key, claim) : Promise.all([set(claim.key, claim), set(claim.mark, claim)]),
  );
  await client.flushall();
  await weigh("Redis", store, async () => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]));
  client.disconnect();
  await redis.stop();
}

const postgres = await startPostgres();
if ("missing" in postgres) console.log(`PostgreSQL skipped: ${postgres.missing}`);
else {
  const pool = new pg.Pool({ connectionString: postgres.url, max: IN_FLIGHT });
  const store = postgresStore(pool);
  await store.migrate();
  await pool.query('CREATE TABLE bare (key text COLLATE "C" PRIMARY KEY, token text, tag text NOT NULL, until timestamptz NOT NULL)');
  const rest = "$2, $3, now() + $4::float8 * interval '1 millisecond'";
  const insert = (name: string, rows: string, values: (string | number)[]) =>
    pool.query({ name, text: `INSERT INTO bare VALUES ${rows} ON CONFLICT DO NOTHING RETURNING key`, values });
  const write = (key: string, { token, tag, lease }: Claim) => insert("bare", `($1, ${rest})`, [key, token, tag, lease]);
  await compare(
    "PostgreSQL (pg Pool), against INSERT ... ON CONFLICT DO NOTHING",
    store,
    (claim) => (claim.mark === undefined ? write(claim.key, claim) : Promise.all([write(claim.key, claim), write(claim.mark, claim)])),
    {
      "one bare write of two rows": () => {
        const { key, mark, token, tag, lease } = makeClaim(true);
        return insert("bare2", `($1, ${rest}), ($5, ${rest})`, [key, token, tag, lease, String(mark)]);
      },
    },
  );
  await pool.query("TRUNCATE countersign_claims");
  await weigh("PostgreSQL, with its index", store, async () =>
    Number((await pool.query("SELECT pg_total_relation_size('countersign_claims') AS size")).rows[0].size),
  );
  await pool.end();
  await postgres.stop();
}

const { file, remove } = makeDatabaseFile();
const database = new Database(file);
database.exec("PRAGMA journal_mode = WAL");
database.exec("PRAGMA synchronous = NORMAL");
database.exec("CREATE TABLE bare (key TEXT PRIMARY KEY NOT NULL, token TEXT, tag TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID");
const insert = database.prepare("INSERT INTO bare VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
const embedded = sqliteStore(database);
await embedded.check();
await compare(
  "SQLite (libsql, synchronous = NORMAL), against INSERT ... ON CONFLICT DO NOTHING",
  embedded,
  async ({ key, mark, token, tag }) => {
    database.exec("BEGIN IMMEDIATE");
    insert.run(key, token, tag, 1);
    if (mark !== undefined) insert.run(mark, token, tag, 1);
    database.exec("COMMIT");
  },
);
database.exec("DELETE FROM countersign_claims; DELETE FROM bare; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
await weigh("SQLite", embedded, () => {
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return existsSync(file) ? statSync(file).size : 0;
});
database.close();
remove();

const memory = memoryStore({ maxClaims: 2 * live + 1_000_000 });
const map = new Map<string, object>();
await compare("Memory, against a Map", memory, async ({ key, mark, token }) => {
  map.set(key, { token, until: Date.now() + 30_000 });
  if (mark !== undefined) map.set(mark, { token, until: Date.now() + 30_000 });
});
await weigh("Memory", memoryStore({ maxClaims: live + 1000 }), () => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
});
