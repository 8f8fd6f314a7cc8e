/** One of several processes that claim the same keys: sends its parent those it got. */

import { sqliteStore } from "@countersign/stores/sqlite";
import Database from "libsql";

const [, , file = "", ...keys] = process.argv;
const database = new Database(file);
const store = sqliteStore(database, { timeout: 20 });
const answers = await Promise.all(
  keys.map(async (key) => {
    const claim = { token: `process-${process.pid}`, key, partition: "p", tag: "tag", lease: 60_000 };
    return (await store.claim(claim)).outcome === "claimed" ? key : "";
  }),
);
database.close();
process.send?.(answers.filter((key) => key !== ""));
process.disconnect?.();
