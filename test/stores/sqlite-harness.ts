/** SQLite over libsql, brought to the suite: every store has a handle of its own on one file. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteStore } from "@countersign/stores/sqlite";
import type { StoreHarness } from "@countersign/testing/stores";
import Database from "libsql";

/** A file for one test. */
export function makeDatabaseFile(): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "countersign-sqlite-"));
  return { file: join(folder, "claims.db"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export const sqliteHarness: StoreHarness = {
  name: "sqliteStore over libsql",
  traits: ["own-clock", "connections"],
  async open() {
    const { file, remove } = makeDatabaseFile();
    const handles = [new Database(file), new Database(file), new Database(file)] as const;
    const [first, second, third] = handles;
    return {
      stores: [sqliteStore(first), sqliteStore(second), sqliteStore(third)],
      async close() {
        for (const handle of handles) handle.close();
        remove();
      },
    };
  },
};
