/** The operations on SQLite, to be run inside a transaction that holds the write lock: nothing changes between the steps. */

import type { Claim, ClaimAnswer, Keep } from "@countersign/core";
import type { Sqlite } from "./sqlite-database.js";
import { assertIsClaim, NOW, ROW, toSqliteSchema } from "./sqlite-table.js";
import { toWholeMilliseconds } from "./store-input.js";

/** What lies under a key: a lapsed row is free. */
type Seen =
  | { readonly state: "free" | "mine" }
  | { readonly state: "busy"; readonly left: number }
  | { readonly state: "done"; readonly tag: string };

/** Operations over one table, whose name is quoted already. */
export function toOperations(table: string) {
  const look = `SELECT ${ROW} FROM ${table} WHERE key = ?`;
  const put = `INSERT INTO ${table} (key, token, tag, until) VALUES (?, ?, ?, ${NOW} + ?)
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, tag = excluded.tag, until = excluded.until`;
  const extend = `UPDATE ${table} SET until = ${NOW} + ? WHERE key = ?`;
  const drop = `DELETE FROM ${table} WHERE key = ?`;
  const swept = `SELECT max(key) AS last, count(*) AS looked FROM (SELECT key FROM ${table} WHERE key > ? ORDER BY key LIMIT ?)`;
  const sweep = `DELETE FROM ${table} WHERE key > ? AND key <= ? AND until <= ${NOW}`;

  const see = (sqlite: Sqlite, key: string, token: string): Seen => {
    const row = sqlite.first(look, key);
    if (row === undefined) return { state: "free" };
    const [holder, tag, time, kind] = row;
    assertIsClaim(kind, "SQLite");
    const left = Number(time);
    if (left <= 0) return { state: "free" };
    if (holder === null) return { state: "done", tag: String(tag) };
    return holder === token ? { state: "mine" } : { state: "busy", left };
  };
  const isMine = (sqlite: Sqlite, key: string, token: string): boolean => see(sqlite, key, token).state === "mine";

  return {
    schema: toSqliteSchema(table),

    /** Answers what needs no write; also without the write lock. */
    refusal(sqlite: Sqlite, { key, token }: Claim): ClaimAnswer | undefined {
      const seen = see(sqlite, key, token);
      if (seen.state === "done") return { outcome: "duplicate", tag: seen.tag };
      return seen.state === "busy" ? { outcome: "busy", remaining: seen.left } : undefined;
    },
    claim(sqlite: Sqlite, claim: Claim): ClaimAnswer {
      const refusal = this.refusal(sqlite, claim);
      if (refusal !== undefined) return refusal;
      const { key, token, tag, mark } = claim;
      const lease = Number(toWholeMilliseconds(claim.lease));
      const met = mark === undefined ? undefined : see(sqlite, mark, token).state;
      sqlite.run(put, key, token, tag, lease);
      if (mark !== undefined && (met === "free" || met === "mine")) sqlite.run(put, mark, token, tag, lease);
      return { outcome: "claimed", repeats: met === "busy" ? "running" : met === "done" ? "done" : false };
    },
    renew(sqlite: Sqlite, { key, mark, token, lease }: Claim): "ok" | "lost" {
      if (!isMine(sqlite, key, token)) return "lost";
      for (const name of mark !== undefined && isMine(sqlite, mark, token) ? [key, mark] : [key]) {
        sqlite.run(extend, Number(toWholeMilliseconds(lease)), name);
      }
      return "ok";
    },
    commit(sqlite: Sqlite, { key, mark, token, tag }: Claim, keep: Keep): "ok" | "held" {
      const { state } = see(sqlite, key, token);
      if (state === "free" || state === "mine") sqlite.run(put, key, null, tag, Number(toWholeMilliseconds(keep.key)));
      if (mark !== undefined && see(sqlite, mark, token).state !== "done") {
        sqlite.run(put, mark, null, tag, Number(toWholeMilliseconds(keep.mark)));
      }
      return state === "busy" ? "held" : "ok";
    },
    release(sqlite: Sqlite, { key, mark, token }: Claim): void {
      for (const name of mark === undefined ? [key] : [key, mark]) if (isMine(sqlite, name, token)) sqlite.run(drop, name);
    },
    isMine,
    /** Drops what is over among the next `most` keys after `from`; answers where to go on. */
    sweep(sqlite: Sqlite, from: string, most: number): string {
      const [last, looked] = sqlite.first(swept, from, most) ?? [];
      if (typeof last !== "string") return "";
      sqlite.run(sweep, from, last);
      return Number(looked) < most ? "" : last;
    },
    check(sqlite: Sqlite): void {
      sqlite.first(`SELECT key, token, tag, until FROM ${table} LIMIT 1`);
    },
  };
}
