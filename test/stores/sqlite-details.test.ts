import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "@countersign/core";
import { sqliteStore } from "@countersign/stores/sqlite";
import { describe, expect, it } from "vitest";
import { makeClaim, pause, rival } from "../../packages/testing/src/stores/case-tools.js";
import { eventOf } from "./event-of.js";
import { databaseForEach } from "./sqlite-handles.js";

const KEEP = { key: 60_000, mark: 60_000 };

describe("sqliteStore", () => {
  const { file, open } = databaseForEach();

  it("refuses a handle of a shape nobody knows, and options that are wrong", () => {
    for (const wrong of [undefined, null, {}, "claims.db", { prepare() {} }]) {
      expect(() => sqliteStore(wrong as never)).toThrow(ConfigurationError);
      expect(() => sqliteStore(wrong as never)).toThrow(/^database: saw .*node:sqlite, better-sqlite3, libsql or bun:sqlite/);
    }
    const closed = open();
    closed.close();
    const promising = { prepare: async () => ({}), exec: async () => {} };
    const callingBack = { prepare: () => ({ get: () => callingBack, run() {} }), exec() {} };
    for (const wrong of [closed, promising, callingBack])
      expect(() => sqliteStore(wrong as never)).toThrow(/^database: saw one that is closed/);
    const handle = open();
    for (const table of ["", "a-b", 'a"b', "1a", "sqlite_x", "x".repeat(64), 5])
      expect(() => sqliteStore(handle, { table } as never)).toThrow(/^table: /);
    expect(() => sqliteStore(handle, { table: "a-b" })).toThrow('table: saw "a-b"; expected 1 to 63');
    expect(() => sqliteStore(handle, { timeout: 61 })).toThrow("timeout: saw 61; expected seconds");
    expect(() => sqliteStore(handle, null as never)).toThrow(/^sqliteStore: saw null for options/);
    for (const timeout of [0, -1, Number.NaN, 61, "2"]) expect(() => sqliteStore(handle, { timeout } as never)).toThrow(/^timeout: /);
    for (const pollInterval of [0, Number.POSITIVE_INFINITY])
      expect(() => sqliteStore(handle, { pollInterval })).toThrow(/^pollInterval: /);
    expect(() => sqliteStore(handle, { prefix: "a" } as never)).toThrow(/^prefix: /);
  });

  it("goes on with the event loop while another connection holds the lock, and gets through afterwards", async () => {
    const store = sqliteStore(open());
    await store.check();
    const other = open();
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const claim = store.claim(makeClaim());
    await pause(200);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(50);
    other.exec("COMMIT");
    expect(await claim).toEqual({ outcome: "claimed", repeats: false });
  });

  it("rejects when the lock is held longer than its timeout", async () => {
    const store = sqliteStore(open(), { timeout: 0.1 });
    await store.check();
    const other = open();
    other.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    await expect(store.claim(makeClaim())).rejects.toThrow(/stayed locked for 0.1 s/);
    expect(performance.now() - start).toBeLessThan(1000);
    other.exec("ROLLBACK");
    expect(await store.claim(makeClaim())).toMatchObject({ outcome: "claimed" });
  });

  it("tells a duplicate while another connection holds the lock", async () => {
    const store = sqliteStore(open());
    const claim = makeClaim();
    await store.commit(claim, KEEP);
    const other = open();
    other.exec("BEGIN IMMEDIATE");
    expect(await sqliteStore(open(), { timeout: 0.05 }).claim(rival(claim))).toEqual({ outcome: "duplicate", tag: claim.tag });
    other.exec("ROLLBACK");
  });

  it("leaves the handle's own busy timeout as it was, and does not wait by it", async () => {
    const handle = open();
    handle.exec("PRAGMA busy_timeout = 4321");
    const store = sqliteStore(handle, { timeout: 0.05 });
    await store.check();
    const other = open();
    other.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    await expect(store.claim(makeClaim())).rejects.toThrow(/locked/);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(handle.prepare("PRAGMA busy_timeout").get()).toMatchObject({ timeout: 4321 });
    other.exec("ROLLBACK");
  });

  it("waits for a transaction that the application left open on the same handle", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    await store.check();
    handle.exec("BEGIN");
    const claim = store.claim(makeClaim());
    await pause(20);
    handle.exec("COMMIT");
    expect(await claim).toMatchObject({ outcome: "claimed" });
  });

  it("does not take a row for done that the application has yet to commit on the same handle", async () => {
    const handle = open();
    const store = sqliteStore(handle, { pollInterval: 0.001 });
    const claim = makeClaim();
    await store.claim(claim);
    handle.exec("BEGIN");
    store.commitIn(handle, eventOf(claim, KEEP));
    const second = store.claim(rival(claim));
    await pause(20);
    handle.exec("ROLLBACK");
    expect(await second).toMatchObject({ outcome: "busy" });
  });

  it("rejects when the application's transaction stays open on the same handle longer than its timeout", async () => {
    const handle = open();
    const store = sqliteStore(handle, { timeout: 0.05 });
    handle.exec("BEGIN");
    await expect(store.claim(makeClaim())).rejects.toThrow(/transaction stayed open on the store's handle for 0.05 s/);
    handle.exec("ROLLBACK");
    expect(await store.claim(makeClaim())).toMatchObject({ outcome: "claimed" });
  });

  it("makes its table in no transaction but its own", async () => {
    await sqliteStore(open(), { table: "first" }).check();
    const handle = open();
    const store = sqliteStore(handle, { table: "second" });
    handle.exec("BEGIN");
    const claim = store.claim(makeClaim());
    await pause(20);
    handle.exec("ROLLBACK");
    expect(await claim).toMatchObject({ outcome: "claimed" });
  });

  it("makes its table anew after somebody dropped it", async () => {
    const store = sqliteStore(open());
    await store.check();
    open().exec("DROP TABLE countersign_claims");
    await expect(store.claim(makeClaim())).rejects.toThrow(/no such table/);
    expect(await store.claim(makeClaim())).toMatchObject({ outcome: "claimed" });
  });

  it("is durable in a file, and not in memory", async () => {
    const memory = open(":memory:");
    const store = sqliteStore(memory);
    expect(store.durable).toBe(false);
    expect(await store.claim(makeClaim())).toMatchObject({ outcome: "claimed" });
    expect(sqliteStore(open()).durable).toBe(true);
  });

  it("works on a handle that answers rows as lists", async () => {
    const handle = open();
    const store = sqliteStore({
      prepare(sql: string) {
        const statement = handle.prepare(sql);
        const lists = statement.reader ? statement.raw() : statement;
        return { get: (...values: unknown[]) => lists.get(...values), run: (...values: unknown[]) => statement.run(...values) };
      },
      exec: (sql: string) => handle.exec(sql),
    });
    await store.check();
    const claim = makeClaim();
    expect(await store.claim(claim)).toEqual({ outcome: "claimed", repeats: false });
    expect(await store.claim(rival(claim))).toMatchObject({ outcome: "busy" });
    await store.commit(claim, KEEP);
    expect(await store.claim(rival(claim))).toEqual({ outcome: "duplicate", tag: claim.tag });
  });

  it("checks that it can write, to a table of its own kind", async () => {
    const handle = open();
    await sqliteStore(handle).check();
    expect(handle.prepare("SELECT count(*) AS n FROM countersign_claims").get()).toMatchObject({ n: 0 });
    const reader = open();
    reader.exec("PRAGMA query_only = ON");
    await expect(sqliteStore(reader).check()).rejects.toThrow(/^database: .*open it for writing/);
    handle.exec("CREATE TABLE keyless (key TEXT, token TEXT, tag TEXT, until INTEGER)");
    handle.exec("CREATE TABLE typed (key TEXT PRIMARY KEY, token TEXT, tag TEXT, until TEXT)");
    await expect(sqliteStore(handle, { table: "keyless" }).check()).rejects.toThrow(/^table: /);
    await expect(sqliteStore(handle, { table: "typed" }).check()).rejects.toThrow(/not a claim of this store/);
  });

  it("takes the claims that come together, whatever one of them meets", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    await store.check();
    const claims = Array.from({ length: 250 }, () => makeClaim());
    const [, damaged] = claims;
    handle.prepare("INSERT INTO countersign_claims VALUES (?, 5, 'tag', 'tomorrow')").run(String(damaged?.key));
    const answers = await Promise.allSettled([...claims, ...claims.map((claim) => rival(claim))].map((claim) => store.claim(claim)));
    const told = answers.map((answer) => (answer.status === "fulfilled" ? answer.value.outcome : String(answer.reason)));
    const expected = claims.flatMap((_, i) => (i === 1 ? [] : ["claimed"]));
    expect(told.filter((_, i) => i % 250 !== 1)).toEqual([...expected, ...expected.map(() => "busy")]);
    expect(told.filter((_, i) => i % 250 === 1)).toEqual(Array(2).fill(expect.stringContaining("not a claim of this store")));
  });

  it("refuses a row that is no claim, and a table that is another's", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    await store.check();
    const claim = makeClaim();
    handle.prepare("INSERT INTO countersign_claims VALUES (?, 5, 'tag', 'tomorrow')").run(claim.key);
    for (const operation of [store.claim(claim), store.commit(claim, KEEP)])
      await expect(operation).rejects.toThrow(/not a claim of this store/);
    handle.exec("CREATE TABLE others (key TEXT PRIMARY KEY, value TEXT)");
    await expect(sqliteStore(handle, { table: "others" }).check()).rejects.toThrow(ConfigurationError);
    await expect(sqliteStore(handle, { table: "others" }).claim(makeClaim())).rejects.toMatchObject({ code: "MISCONFIGURED" });
  });

  it("gives back the space of rows whose time is over", async () => {
    const handle = open();
    const store = sqliteStore(handle);
    await store.check();
    const insert = handle.prepare("INSERT INTO countersign_claims VALUES (?, NULL, 'tag', ?)");
    for (let i = 0; i < 2000; i++) insert.run(`old-${i}`, 5);
    for (let i = 0; i < 200; i++) insert.run(`new-${i}`, Date.now() + 3_600_000);
    for (let i = 0; i < 1000; i++) await store.claim(makeClaim());
    await expect
      .poll(() => handle.prepare("SELECT count(*) AS n FROM countersign_claims WHERE key LIKE 'old-%'").get())
      .toMatchObject({ n: 0 });
    expect(handle.prepare("SELECT count(*) AS n FROM countersign_claims WHERE key LIKE 'new-%'").get()).toMatchObject({ n: 200 });
  });

  it("gives each key to one of four processes", async () => {
    await sqliteStore(open()).check();
    const keys = Array.from({ length: 50 }, (_, i) => `shared-${i}`);
    const worker = fileURLToPath(new URL("./sqlite-worker.ts", import.meta.url));
    const counts = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const child = fork(worker, [file(), ...keys], { execArgv: ["--conditions=@countersign/source", "--import", "tsx"] });
        const [claimed] = (await once(child, "message")) as [string[]];
        await once(child, "exit");
        return claimed;
      }),
    );
    expect(counts.flat().sort()).toEqual([...keys].sort());
  });
});
