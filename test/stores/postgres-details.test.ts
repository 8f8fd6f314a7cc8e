import { readFileSync } from "node:fs";
import { ConfigurationError } from "@countersign/core";
import { type PostgresClient, postgresStore } from "@countersign/stores/postgres";
import pg from "pg";
import postgres from "postgres";
import { afterAll, describe, expect, it } from "vitest";
import { toMigration } from "../../packages/stores/src/postgres-migration.js";
import { makeClaim } from "../../packages/testing/src/stores/case-tools.js";
import { startPostgres } from "../servers/start-postgres.js";

const KEEP = { key: 60_000, mark: 60_000 };
const nobody: PostgresClient = { query: () => Promise.reject(new Error("asked")) };

describe("postgresStore's options", () => {
  it("refuses a client of a shape nobody knows, and says which ones it takes", () => {
    for (const wrong of [undefined, null, {}, "postgres://localhost", { execute() {} }]) {
      expect(() => postgresStore(wrong as never)).toThrow(ConfigurationError);
      expect(() => postgresStore(wrong as never)).toThrow(/^client: saw (undefined|null|an object|a string); .*`pg`.*`postgres`.*PGlite/);
    }
  });

  it("refuses names that are not plain, and options it does not know", () => {
    for (const name of ["", "a-b", 'a"; DROP TABLE x; --', "1a", "é", "x".repeat(64), 5]) {
      expect(() => postgresStore(nobody, { table: name } as never)).toThrow(/^table: /);
      expect(() => postgresStore(nobody, { schema: name } as never)).toThrow(/^schema: /);
    }
    expect(() => postgresStore(nobody, { table: "a-b" })).toThrow('table: saw "a-b"; expected 1 to 63');
    expect(() => postgresStore(nobody, { prepare: "no" } as never)).toThrow('prepare: saw "no"; expected true or false');
    expect(() => postgresStore(nobody, { prefix: "a" } as never)).toThrow(/^prefix: /);
    expect(() => postgresStore(nobody, null as never)).toThrow(/^postgresStore: saw null for options/);
  });

  it("does not trust a client that answers no rows", async () => {
    const mysql = { query: async () => [[], []] } as never;
    await expect(postgresStore(mysql).claim(makeClaim())).rejects.toThrow(/is it a PostgreSQL client/);
    const empty = postgresStore({ query: async () => ({ rows: [] }) });
    await expect(empty.claim(makeClaim())).rejects.toThrow(/not a claim of this store/);
    expect(await empty.renew(makeClaim())).toBe("lost");
    expect(await empty.commit(makeClaim(), KEEP)).toBe("held");
  });
});

describe("migrations/postgres.sql", () => {
  it("is what migrate() runs", () => {
    const shipped = readFileSync(new URL("../../packages/stores/migrations/postgres.sql", import.meta.url), "utf8");
    expect(shipped.replace(/^--.*\n/, "")).toBe(toMigration({}));
  });
});

const server = await startPostgres(["fsync=off"]);

if ("missing" in server) describe.skip(`postgresStore on a server (skipped: ${server.missing})`);
else
  describe("postgresStore on a server", async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 20 });
    pool.on("error", () => undefined);
    afterAll(async () => {
      await pool.end();
      await server.stop();
    });
    const store = postgresStore(pool);

    it("says what to do where the table is missing, from check() and at the first claim", async () => {
      const absent = postgresStore(pool, { table: "absent" });
      const nowhere = postgresStore(pool, { schema: "nowhere" });
      for (const ask of [() => absent.check(), () => absent.claim(makeClaim()), () => nowhere.check()]) {
        const asked = ask();
        await expect(asked).rejects.toThrow(ConfigurationError);
        await expect(asked).rejects.toMatchObject({ code: "MISCONFIGURED", message: expect.stringContaining("migrate()") });
      }
    });

    it("says so where a table of its name is another's, or not for this role", async () => {
      await pool.query('CREATE TABLE "others" (key text PRIMARY KEY, value text)');
      await expect(postgresStore(pool, { table: "others" }).check()).rejects.toThrow(/choose another name/);
      await expect(postgresStore(pool, { table: "others" }).claim(makeClaim())).rejects.toThrow(ConfigurationError);
      await store.migrate();
      await pool.query("CREATE ROLE guest LOGIN");
      const guest = new pg.Pool({ connectionString: server.url.replace("test@", "guest@") });
      await expect(postgresStore(guest).claim(makeClaim())).rejects.toThrow(/grant it SELECT, INSERT, UPDATE and DELETE/);
      await pool.query("GRANT SELECT, INSERT, UPDATE, DELETE ON countersign_claims TO guest");
      await postgresStore(guest).migrate();
      expect(await postgresStore(guest).claim(makeClaim({ mark: "mark-guest" }))).toMatchObject({ outcome: "claimed" });
      await guest.end();
    });

    it("checks that it can write, to a table of its own kind", async () => {
      await store.migrate();
      await store.check();
      expect((await pool.query("SELECT FROM countersign_claims WHERE key LIKE 'check-%' OR key LIKE 'mark-check%'")).rows).toEqual([]);
      const reader = new pg.Pool({ connectionString: server.url, options: "-c default_transaction_read_only=on" });
      await expect(postgresStore(reader).check()).rejects.toThrow(/^client: this connection may only read/);
      await expect(postgresStore(reader).claim(makeClaim())).rejects.toMatchObject({ code: "25006" });
      await reader.end();
      await pool.query("CREATE ROLE looker LOGIN");
      await pool.query("GRANT SELECT ON countersign_claims TO looker");
      const looker = new pg.Pool({ connectionString: server.url.replace("test@", "looker@") });
      await expect(postgresStore(looker).check()).rejects.toThrow(/grant it SELECT, INSERT, UPDATE and DELETE/);
      await looker.end();
      await pool.query("CREATE TABLE keyless (LIKE countersign_claims)");
      await pool.query("CREATE TABLE typed (key uuid PRIMARY KEY, token text, tag text NOT NULL, until text NOT NULL)");
      for (const table of ["keyless", "typed"]) {
        await expect(postgresStore(pool, { table }).check()).rejects.toThrow(/^table: .*choose another name/);
      }
    });

    it("says what a migration lacks: the right to create, or a schema", async () => {
      await pool.query("CREATE ROLE maker LOGIN");
      const url = server.url.replace("test@", "maker@");
      const maker = new pg.Pool({ connectionString: url });
      for (const schema of ["public", "fresh"]) {
        const asked = postgresStore(maker, { schema, table: "made" }).migrate();
        await expect(asked).rejects.toThrow(/^schema: .*grant it USAGE and CREATE on the schema.*migrations\/postgres\.sql as the owner/);
      }
      await maker.end();
      const lost = new pg.Pool({ connectionString: server.url, options: "-c search_path=nowhere" });
      await expect(postgresStore(lost, { table: "made" }).migrate()).rejects.toThrow(/^schema: .*search_path.*set `schema`/);
      await lost.end();
    });

    it("names the schema's and the rows' own rights, which a grant on the table does not give", async () => {
      await postgresStore(pool, { schema: "closed" }).migrate();
      await pool.query("CREATE ROLE outsider LOGIN");
      await pool.query("GRANT SELECT, INSERT, UPDATE, DELETE ON closed.countersign_claims TO outsider");
      const outsider = new pg.Pool({ connectionString: server.url.replace("test@", "outsider@") });
      const outside = postgresStore(outsider, { schema: "closed" });
      await expect(outside.check()).rejects.toThrow(/USAGE on its schema/);
      await expect(outside.migrate()).rejects.toThrow(/grant it USAGE/);
      await pool.query("GRANT USAGE ON SCHEMA closed TO outsider");
      await outside.check();
      await pool.query("ALTER TABLE closed.countersign_claims ENABLE ROW LEVEL SECURITY");
      await expect(outside.check()).rejects.toThrow(/a policy where row-level security is on/);
      await outsider.end();
    });

    it("reads the answers of a client that leaves every value as text", async () => {
      const plain = new pg.Pool({ connectionString: server.url, types: { getTypeParser: () => String } });
      const claim = makeClaim({ mark: "mark-plain" });
      await postgresStore(plain).claim(claim);
      expect(await postgresStore(plain).claim({ ...claim, token: "other" })).toMatchObject({
        outcome: "busy",
        remaining: expect.any(Number),
      });
      await plain.end();
    });

    it("reads the answers of a client that renames columns and has no null", async () => {
      const odd = postgres(server.url, {
        max: 1,
        transform: { ...postgres.pascal, value: { from: (value: unknown) => value ?? undefined } },
      });
      const renamed = postgresStore(odd as never);
      await renamed.check();
      const claim = makeClaim({ mark: "mark-renamed" });
      expect(await renamed.claim(claim)).toEqual({ outcome: "claimed", repeats: false });
      expect(await renamed.claim({ ...claim, token: "other" })).toMatchObject({ outcome: "busy" });
      expect(await renamed.claim({ ...claim, key: `${claim.key}-2`, token: "other" })).toMatchObject({ repeats: "running" });
      expect(await renamed.commit(claim, KEEP)).toBe("ok");
      expect(await renamed.claim({ ...claim, token: "other" })).toEqual({ outcome: "duplicate", tag: claim.tag });
      await odd.end();
    });

    it("migrates from twenty connections at once, and again", async () => {
      const odd = postgresStore(pool, { schema: "Odd", table: "select" });
      await Promise.all(Array.from({ length: 20 }, () => odd.migrate()));
      await odd.migrate();
      await odd.check();
      const claim = makeClaim();
      await odd.claim(claim);
      await odd.commit(claim, KEEP);
      expect(await odd.claim(claim)).toEqual({ outcome: "duplicate", tag: claim.tag });
      expect((await pool.query('SELECT count(*)::int AS n FROM "Odd"."select"')).rows).toEqual([{ n: 1 }]);
    });

    it("runs one statement for each operation", async () => {
      let statements = 0;
      const counted = postgresStore({
        query(text: string, values: string[]) {
          statements += 1;
          return pool.query(text, values);
        },
      });
      for (const mark of [undefined, "mark-counted"]) {
        const claim = makeClaim({ mark });
        statements = 0;
        await counted.claim(claim);
        await counted.renew(claim);
        await counted.claim({ ...claim, token: "other" });
        await counted.commit(claim, KEEP);
        await counted.claim({ ...claim, token: "other" });
        await counted.release(claim);
        expect(statements).toBe(6);
      }
    });

    it("writes nothing where it refuses, so that a storm of duplicates only reads", async () => {
      const [busy, done] = [makeClaim(), makeClaim()];
      await store.claim(busy);
      await store.claim(done);
      await store.commit(done, KEEP);
      const versions = async () =>
        (await pool.query("SELECT ctid, xmin, xmax FROM countersign_claims WHERE key IN ($1, $2) ORDER BY key", [busy.key, done.key])).rows;
      const before = await versions();
      expect((await store.claim({ ...busy, token: "another" })).outcome).toBe("busy");
      expect((await store.claim({ ...done, token: "another" })).outcome).toBe("duplicate");
      expect(await versions()).toEqual(before);
    });

    it("says nothing of a mark whose time is over, though its row is still there", async () => {
      const claim = makeClaim({ mark: "mark-over" });
      await store.claim(claim);
      await store.commit(claim, { key: 60_000, mark: 1 });
      await pool.query("SELECT pg_sleep(0.01)");
      expect(await store.claim(makeClaim({ mark: claim.mark }))).toEqual({ outcome: "claimed", repeats: false });
    });

    it("refuses a row that is no claim", async () => {
      const claim = makeClaim();
      await pool.query("INSERT INTO countersign_claims VALUES ($1, 'x', 'y', 'infinity')", [claim.key]);
      await expect(store.claim(claim)).rejects.toThrow(/not a claim of this store|infinite/);
    });

    it("decides rightly for callers whose sessions ask for serializable transactions", async () => {
      const strict = new pg.Pool({ connectionString: server.url, max: 20, options: "-c default_transaction_isolation=serializable" });
      const careful = postgresStore(strict);
      for (let round = 0; round < 10; round++) {
        const claim = makeClaim({ mark: `mark-strict-${round}` });
        const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => careful.claim({ ...claim, token: `caller-${i}` })));
        const claimed = answers.filter((answer) => answer.status === "fulfilled" && answer.value.outcome === "claimed");
        expect(claimed).toHaveLength(1);
      }
      await strict.end();
    });

    it("gives back the space of rows whose time is over", async () => {
      const table = postgresStore(pool, { table: "swept" });
      await table.migrate();
      await pool.query(
        `INSERT INTO swept SELECT 'old-' || i, NULL, 'tag', clock_timestamp() - interval '1 second' FROM generate_series(1, 20000) i`,
      );
      await pool.query(
        `INSERT INTO swept SELECT 'new-' || i, NULL, 'tag', clock_timestamp() + interval '1 hour' FROM generate_series(1, 1000) i`,
      );
      const left = async () => (await pool.query("SELECT count(*)::int AS n FROM swept WHERE key LIKE 'old-%'")).rows[0].n;
      for (let i = 0; i < 100 && (await left()) > 0; i++) {
        await Promise.all(Array.from({ length: 100 }, () => table.claim(makeClaim())));
      }
      expect(await left()).toBe(0);
      expect((await pool.query("SELECT count(*)::int AS n FROM swept WHERE key LIKE 'new-%'")).rows).toEqual([{ n: 1000 }]);
    });
  });
