/** The table of claims in SQLite's dialect, as sqliteStore and d1Store make and read it. */

import { ConfigurationError } from "@countersign/core";
import { seen } from "./store-input.js";

/** The machine's clock as SQLite reads it: one for all processes, whatever a process thinks of its own `Date`. */
export const NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

const KIND = "typeof(token) || typeof(tag) || typeof(until)";
const [LEASED, DONE] = ["texttextinteger", "nulltextinteger"];

/** Whether a row is one of ours: a leased one holds its token, a done one none. */
export const IS_CLAIM = `${KIND} IN ('${LEASED}', '${DONE}')`;
/** What is read of a row, whose last is for {@link assertIsClaim}. */
export const ROW = `token, tag, until - ${NOW} AS left, ${KIND} AS kind`;

/** Refuses a row that no store of ours wrote. */
export function assertIsClaim(kind: unknown, server: "SQLite" | "D1"): void {
  if (kind === LEASED || kind === DONE) return;
  throw new Error(`The row met in ${server} is not a claim of this store; another application writes there, or it was damaged.`);
}

/** Names that SQL could take unquoted; they are quoted all the same. */
export function toSqliteTableName(table: unknown = "countersign_claims"): string {
  if (typeof table === "string" && /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(table) && !/^sqlite_/i.test(table)) return `"${table}"`;
  throw new ConfigurationError(
    "table",
    `saw ${seen(table)}; expected 1 to 63 letters, digits or \`_\`, not beginning with a digit nor with sqlite_.`,
  );
}

/** Makes the table, once and for all: it may run any number of times. `table` is quoted already. */
export function toSqliteSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY NOT NULL, token TEXT, tag TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID`;
}

/** Tells by SQLite's message that a table of this name is another's. */
export function isForeignTable(message: string): boolean {
  return /no such column|no column named|ON CONFLICT clause|cannot store|constraint failed/.test(message);
}
