/** The table of a D1 store: absent, another's, made, and reached through a session. */

import { d1Store } from "@countersign/stores/d1";
import { expectBusy, expectSame, makeClaim } from "../../../packages/testing/src/stores/case-tools.js";
import { type D1Case, expectRejection, openTable } from "./d1-tools.js";

export const d1TableCases: readonly D1Case[] = [
  {
    name: "says what to do where the table is missing, from check() and at the first claim",
    async run(database) {
      const store = d1Store(database, { table: "absent" });
      for (const asked of [() => store.check(), () => store.claim(makeClaim()), () => store.release(makeClaim())]) {
        const error = await expectRejection(asked(), /^table: .*migrations\/d1\.sql.*wrangler d1 migrations.*store\.migrate\(\)/);
        expectSame([error.name, (error as { code?: unknown }).code], ["ConfigurationError", "MISCONFIGURED"], "the error");
      }
    },
  },
  {
    name: "says so where a table of its name is another's",
    async run(database) {
      const columns = {
        others: "key TEXT PRIMARY KEY, value TEXT",
        keyless: "key TEXT, token TEXT, tag TEXT NOT NULL, until INTEGER NOT NULL",
        wider: "key TEXT PRIMARY KEY, token TEXT, tag TEXT NOT NULL, until INTEGER NOT NULL, more TEXT NOT NULL",
      };
      for (const [table, definition] of Object.entries(columns)) {
        await database.prepare(`CREATE TABLE ${table} (${definition})`).all();
        const store = d1Store(database, { table });
        await store.migrate();
        await expectRejection(store.check(), /^table: .*choose another name/);
      }
    },
  },
  {
    name: "migrates many times at once, under any name that it takes, and checks without leaving anything",
    async run(database) {
      const store = d1Store(database, { table: "Select" });
      await Promise.all(Array.from({ length: 20 }, () => store.migrate()));
      await store.check();
      const { results } = await database.prepare('SELECT count(*) AS rows FROM "Select"').all();
      expectSame(results, [{ rows: 0 }], "what a check leaves");
    },
  },
  {
    name: "works on a session of the database",
    async run(database) {
      const { table, store } = await openTable(database);
      const claim = makeClaim({ mark: "mark-session" });
      await d1Store(database.withSession("first-primary"), { table }).claim(claim);
      await expectBusy(store, claim, "a key claimed in a session");
    },
  },
];
