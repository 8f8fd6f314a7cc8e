/** Drives the store suite on the SQLite that a runtime brings along. Prints one line of JSON per case. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore } from "@countersign/core";
import { type SqliteDatabase, sqliteStore } from "@countersign/stores/sqlite";
import { type StoreHarness, storeCases } from "@countersign/testing/stores";
import { runStoreCase } from "./run-store-case.js";

type Open = (file: string) => SqliteDatabase & { close(): void };

async function sqlite(): Promise<{ readonly name: string; readonly open: Open }> {
  if (process.versions.bun !== undefined) {
    const { Database } = (await import("bun:sqlite" as string)) as { Database: new (file: string) => ReturnType<Open> };
    return { name: "bun:sqlite", open: (file) => new Database(file) };
  }
  const { DatabaseSync } = (await import("node:sqlite" as string)) as { DatabaseSync: new (file: string) => ReturnType<Open> };
  return { name: "node:sqlite", open: (file) => new DatabaseSync(file) };
}

const { name, open } = await sqlite();
const onFile: StoreHarness = {
  name,
  traits: ["own-clock", "connections"],
  async open() {
    const folder = mkdtempSync(join(tmpdir(), "countersign-runtime-"));
    const handles = [1, 2, 3].map(() => open(join(folder, "claims.db")));
    const [first, second, third] = handles.map((handle) => sqliteStore(handle));
    return {
      stores: [first, second, third] as unknown as Awaited<ReturnType<StoreHarness["open"]>>["stores"],
      async close() {
        for (const handle of handles) handle.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
const inMemory: StoreHarness = {
  name: "memoryStore",
  traits: ["connections"],
  async open() {
    let now = Date.now();
    const store = memoryStore({ now: () => now });
    const elapse = (milliseconds: number): void => {
      now += milliseconds;
    };
    return { stores: [store, store], elapse, close: async () => {} };
  },
};

for (const harness of [onFile, inMemory]) for (const one of storeCases) console.log(JSON.stringify(await runStoreCase(harness, one)));
