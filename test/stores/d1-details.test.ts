/** What d1Store refuses before it asks. The suite runs on D1 itself, in workerd: test/runtimes. */

import { readFileSync } from "node:fs";
import { ConfigurationError } from "@countersign/core";
import { type D1Database, d1Store } from "@countersign/stores/d1";
import { describe, expect, it } from "vitest";
import { toD1Statements } from "../../packages/stores/src/d1-statements.js";
import { makeClaim } from "../../packages/testing/src/stores/case-tools.js";

const nobody: D1Database = { prepare: () => ({ bind: () => ({}) as never }), batch: () => Promise.reject(new Error("asked")) };

describe("d1Store", () => {
  it("refuses what is no binding of D1, and says which one it takes", () => {
    const sqlite = { prepare: () => ({}), exec: () => undefined };
    for (const wrong of [undefined, null, {}, "claims", sqlite, { batch: async () => [] }]) {
      expect(() => d1Store(wrong as never)).toThrow(ConfigurationError);
      expect(() => d1Store(wrong as never)).toThrow(/^database: saw (undefined|null|an object|a string); .*env\.DB.*d1_databases/);
    }
  });

  it("refuses names that are not plain, and options it does not know", () => {
    for (const table of ["", "a-b", 'a"; DROP TABLE x; --', "1a", "é", "sqlite_x", "x".repeat(64), 5])
      expect(() => d1Store(nobody, { table } as never)).toThrow(/^table: /);
    expect(() => d1Store(nobody, { table: "a-b" })).toThrow('table: saw "a-b"; expected 1 to 63');
    expect(() => d1Store(nobody, { timeout: 1 } as never)).toThrow(/^timeout: d1Store has no such option; it takes table/);
    expect(() => d1Store(nobody, null as never)).toThrow(/^d1Store: saw null for options/);
  });

  it("refuses a claim that breaks the contract, and asks nothing", async () => {
    const store = d1Store(nobody);
    const keep = { key: 1, mark: 1 };
    const wrong = makeClaim({ key: "a key" });
    for (const ask of [store.claim(wrong), store.renew(wrong), store.commit(wrong, keep), store.release(wrong)])
      await expect(ask).rejects.toThrow(RangeError);
    await expect(store.claim(makeClaim({ lease: 0 }))).rejects.toThrow(/positive milliseconds/);
    await expect(store.commit(makeClaim(), { key: Number.NaN, mark: 1 })).rejects.toThrow(/positive milliseconds/);
    await expect(store.claim(makeClaim())).rejects.toThrow("asked");
  });

  it("does not trust a binding that answers no rows", async () => {
    for (const answer of [undefined, {}, [], [null], [{ rows: [] }]]) {
      const other = { ...nobody, batch: async () => answer } as never;
      await expect(d1Store(other).claim(makeClaim())).rejects.toThrow(/^database: saw one that answers no list of rows/);
    }
  });

  it("outlives the isolate", () => {
    expect(d1Store(nobody).durable).toBe(true);
  });
});

describe("migrations/d1.sql", () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const shipped = read("packages/stores/migrations/d1.sql");

  it("is what migrate() runs", () => {
    expect(shipped.replace(/^--.*\n/, "")).toBe(`${toD1Statements('"countersign_claims"').schema};\n`);
  });

  it("is what the example for Workers migrates with", () => {
    expect(read("docs/examples/hono-workers/migrations/0001_countersign_claims.sql")).toBe(shipped);
  });
});
