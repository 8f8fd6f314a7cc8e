/**
 * The operations in D1's SQL. D1 runs a batch as one transaction, with no other statement in between.
 *
 * SQLite decides in the statement that writes: a row that is to stay is not touched, so that a storm of duplicates only reads. What
 * stands in the end is read last, in the same batch, and tells by its token who got it. The time of that reading decides nothing: it is
 * a moment later than the write's.
 */

import { IS_CLAIM, NOW, ROW, toSqliteSchema } from "./sqlite-table.js";

/** After so many keys a sweep ends. */
const SWEEP_KEYS = 500;

/** Statements over one table, whose name is quoted already. */
export function toD1Statements(table: string) {
  const later = (parameter: string) => `${NOW} + CAST(${parameter} AS INTEGER)`;
  /** Writes a row where none of ours stands that is to stay. */
  const put = (values: string, gives: string) => `INSERT INTO ${table} (key, token, tag, until) ${values}
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, tag = excluded.tag, until = excluded.until
    WHERE ${IS_CLAIM} AND (until <= ${NOW} OR ${gives})`;
  const own = `key = ?1 AND token = ?2`;

  return {
    schema: toSqliteSchema(table),
    /** Key, token, tag, lease. */
    claim: put(`VALUES (?1, ?2, ?3, ${later("?4")})`, "token = ?2"),
    /** The same, then the mark, which is taken only by whoever got the key. */
    claimMark: put(`SELECT ?5, ?2, ?3, ${later("?4")} WHERE EXISTS (SELECT 1 FROM ${table} WHERE ${own} AND ${IS_CLAIM})`, "token = ?2"),
    /** Key, token, tag, time. */
    commit: put(`VALUES (?1, NULL, ?3, ${later("?4")})`, "token = ?2"),
    /** Mark, tag, time. */
    commitMark: put(`VALUES (?1, NULL, ?2, ${later("?3")})`, "token IS NOT NULL"),
    /** Key and mark. */
    look: `SELECT key, ${ROW} FROM ${table} WHERE key IN (?1, ?2)`,
    /** Key, token, mark, lease. The key decides for both. */
    renew: `UPDATE ${table} SET until = ${later("?4")} WHERE key IN (?1, ?3) AND token = ?2 AND until > ${NOW} AND ${IS_CLAIM}
      AND EXISTS (SELECT 1 FROM ${table} WHERE ${own} AND until > ${NOW} AND ${IS_CLAIM}) RETURNING key`,
    /** Key, token, mark. */
    release: `DELETE FROM ${table} WHERE key IN (?1, ?3) AND token = ?2 AND ${IS_CLAIM}`,
    /** Drops what is over among the next keys after the one given. */
    sweep: `DELETE FROM ${table} WHERE until <= ${NOW} AND ${IS_CLAIM}
      AND key IN (SELECT key FROM ${table} WHERE key > ?1 ORDER BY key LIMIT ${SWEEP_KEYS})`,
  };
}
