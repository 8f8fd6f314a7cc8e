/** What a D1 store does beyond the suite: random operations, what it asks and writes, damaged rows, failures, sweeps. */

import type { Claim, Store } from "@countersign/core";
import { type D1Database, d1Store } from "@countersign/stores/d1";
import type { StoreSession } from "@countersign/testing/stores";
import {
  eventually,
  expectBusy,
  expectDone,
  expectFree,
  expectSame,
  expectTrue,
  KEEP,
  makeClaim,
  meets,
  rival,
  SHORT,
} from "../../../packages/testing/src/stores/case-tools.js";
import { type Content, compareWithModel } from "../../stores/random-operations.js";

import { type D1Case, expectRejection, openTable } from "./d1-tools.js";

/** Runs something while every random number is this one: 0 sweeps after each claim, 0.5 after none. */
async function withRandom(number: number, work: () => Promise<void>): Promise<void> {
  const real = Math.random;
  Math.random = () => number;
  try {
    await work();
  } finally {
    Math.random = real;
  }
}

/** A session of one store. */
const alone = (store: Store): StoreSession => ({ stores: [store, store], close: async () => {} });

const NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";
const NO_CLAIM = /met in D1 is not a claim of this store/;

export const d1Cases: readonly D1Case[] = [
  {
    name: "random operations agree with the model",
    async run(database) {
      const { store, run } = await openTable(database);
      await compareWithModel(
        {
          store,
          runs: 50,
          age: async (milliseconds) => void (await run("UPDATE CLAIMS SET until = until - ?", milliseconds)),
          contents: async () =>
            (await run(`SELECT key AS name, token, tag, until - ${NOW} AS left FROM CLAIMS WHERE until > ${NOW}`)) as unknown as Content[],
          clear: async () => void (await run("DELETE FROM CLAIMS")),
        },
        (actual, expected) => expectSame(actual, expected, "an answer, or what is held"),
      );
    },
  },
  {
    name: "asks once for each operation, and writes nothing where a key is done or held",
    async run(database) {
      const { table } = await openTable(database);
      let asked = 0;
      let written = 0;
      const counted: D1Database = {
        prepare: (sql) => database.prepare(sql),
        async batch(statements) {
          asked += 1;
          const answers = await database.batch(statements);
          written = answers.reduce((sum, { meta }) => sum + meta.rows_written, 0);
          return answers;
        },
      };
      const store = d1Store(counted, { table });
      await withRandom(0.5, async () => {
        const claim = makeClaim({ mark: "mark-counted" });
        const steps: [string, () => Promise<unknown>, boolean][] = [
          ["claim", () => store.claim(claim), true],
          ["claim of a held key", () => store.claim(rival(claim)), false],
          ["renew", () => store.renew(claim), true],
          ["release", () => store.release(claim), true],
          ["commit", () => store.commit(claim, KEEP), true],
          ["duplicate", () => store.claim(rival(claim)), false],
          ["second commit", () => store.commit(rival(claim), KEEP), false],
          ["late renew", () => store.renew(claim), false],
          ["late release", () => store.release(claim), false],
        ];
        for (const [what, step, writes] of steps) {
          [asked, written] = [0, 0];
          await step();
          expectSame(asked, 1, `round trips of a ${what}`);
          expectSame(written > 0, writes, `whether a ${what} writes`);
        }
      });
    },
  },
  {
    name: "refuses a row that it did not write, and leaves it",
    async run(database) {
      const { store, run } = await openTable(database);
      const rows = {
        text: ["t", "g", "soon"],
        lapsed: ["t", "g", 1.5],
        tag: [null, new ArrayBuffer(1), 9e15],
        token: [new ArrayBuffer(1), "g", 1],
      };
      for (const [name, values] of Object.entries(rows)) {
        await run("INSERT INTO CLAIMS (key, token, tag, until) VALUES (?, ?, ?, ?)", name, ...values);
        const before = await run("SELECT hex(token) AS token, hex(tag) AS tag, until FROM CLAIMS WHERE key = ?", name);
        const claim = makeClaim({ key: name, token: "t" });
        await expectRejection(store.claim(claim), NO_CLAIM);
        await expectRejection(store.commit(claim, KEEP), NO_CLAIM);
        expectSame(await store.renew(claim), "lost", `the renewal over ${name}`);
        const marked = makeClaim({ mark: name });
        await expectRejection(store.claim(marked), NO_CLAIM);
        await store.release(marked);
        await store.release(claim);
        await expectFree(store, marked, `a key whose mark is ${name}`);
        await run("INSERT INTO CLAIMS (key, token, tag, until) VALUES ('zz', 't', 'g', 1)");
        await withRandom(0, async () => void (await store.claim(makeClaim({ key: "a" }))));
        await eventually(alone(store), "a sweep ends", async () => (await run("SELECT key FROM CLAIMS WHERE key = 'zz'")).length === 0);
        const after = await run("SELECT hex(token) AS token, hex(tag) AS tag, until FROM CLAIMS WHERE key = ?", name);
        expectSame(after, before, `the row of ${name}`);
      }
    },
  },
  {
    name: "takes neither key nor mark where one of both fails",
    async run(database) {
      const { store, run } = await openTable(database);
      await run("CREATE TRIGGER CLAIMS_broken BEFORE INSERT ON CLAIMS WHEN new.key = 'broken' BEGIN SELECT RAISE(ABORT, 'broken'); END");
      const claim = makeClaim({ mark: "broken" });
      const error = await expectRejection(store.claim(claim), /broken/);
      expectTrue(error.name !== "ConfigurationError", "a failure is no mistake of the configuration");
      await expectRejection(store.commit(claim, KEEP), /broken/);
      expectSame(await run("SELECT key FROM CLAIMS"), [], "what is held afterwards");
    },
  },
  {
    name: "sweeps what is over in batches, and nothing that lives",
    async run(database) {
      const { store, run } = await openTable(database);
      const [live, kept] = [makeClaim({ key: "zz-live" }), makeClaim({ key: "zz-kept", mark: "zz-mark" })];
      await store.claim(live);
      await store.commit(kept, KEEP);
      await run(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
        INSERT INTO CLAIMS (key, token, tag, until) SELECT 'z' || i, iif(i % 2, 't', NULL), 'g', ${NOW} - i FROM n`,
      );
      const over = async () => Number((await run(`SELECT count(*) AS rows FROM CLAIMS WHERE until <= ${NOW}`))[0]?.rows);
      await withRandom(0, async () => {
        const sweeping = makeClaim({ key: "y" });
        for (const rest of [700, 200, 0]) {
          await store.claim(sweeping);
          await eventually(alone(store), `${rest} rows are left`, async () => (await over()) === rest);
        }
      });
      await expectBusy(store, live, "a live lease");
      await expectDone(store, kept, kept.tag, "a done key");
      expectSame(await meets(store, "zz-mark"), "done", "a done mark");
    },
  },
  {
    name: "answers a claim whose sweep fails",
    async run(database) {
      const { store, run } = await openTable(database);
      await store.commit(makeClaim({ key: "zz" }), { key: 1, mark: 1 });
      await run("CREATE TRIGGER CLAIMS_kept BEFORE DELETE ON CLAIMS BEGIN SELECT RAISE(ABORT, 'kept'); END");
      await expectRejection(run("DELETE FROM CLAIMS"), /kept/);
      await withRandom(0, async () => {
        for (let i = 0; i < 20; i++) expectSame((await store.claim(makeClaim())).outcome, "claimed", "a claim");
      });
    },
  },
  {
    name: "keeps a claim for the longest time there is, and part of a millisecond as a whole one",
    async run(database) {
      const { store } = await openTable(database);
      const longest = makeClaim({ lease: Number.MAX_SAFE_INTEGER / 2 });
      await store.claim(longest);
      expectTrue((await expectBusy(store, longest, "a long lease")) > 4e15, "the lease was cut");
      const short: Claim = makeClaim({ lease: SHORT + 0.5 });
      await store.claim(short);
      expectTrue((await expectBusy(store, short, "a short lease")) <= SHORT + 1, "the lease was lengthened");
    },
  },
];
