/** One way to use a synchronous SQLite handle, without ever waiting in it. */

import { ConfigurationError } from "@countersign/core";
import { kindOf } from "./store-input.js";

/** What a statement must offer; parameters go by position. */
export interface SqliteStatement {
  get(...values: never[]): unknown;
  run(...values: never[]): unknown;
}

/** What a database handle must offer: `node:sqlite`, `better-sqlite3`, `libsql` and `bun:sqlite` do. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** A statement as it is called here; the handles' own types are narrower, each in its way. */
interface Prepared {
  get(...values: (string | number)[]): unknown;
  run(...values: (string | number | null)[]): unknown;
}

/** Runs statements on one handle; each is prepared once. */
export interface Sqlite {
  /** Answers the first row's values in the order of the statement: handles can be set up to give rows of either shape. */
  first(sql: string, ...values: (string | number)[]): readonly unknown[] | undefined;
  run(sql: string, ...values: (string | number | null)[]): void;
  exec(sql: string): void;
}

const EXPECTED = "an open database of node:sqlite, better-sqlite3, libsql or bun:sqlite: an object with prepare and exec";

/** Wraps a handle. `name` is what the caller called it. */
export function toSqlite(database: SqliteDatabase, name: string): Sqlite {
  const candidate = database as Partial<SqliteDatabase> | null | undefined;
  if (typeof candidate?.prepare !== "function" || typeof candidate.exec !== "function") {
    throw new ConfigurationError(name, `saw ${kindOf(database)}; expected ${EXPECTED}.`);
  }
  const statements = new Map<string, Prepared>();
  const prepared = (sql: string): Prepared => {
    const statement = statements.get(sql) ?? (database.prepare(sql) as Prepared);
    statements.set(sql, statement);
    return statement;
  };
  return {
    first(sql, ...values) {
      const row = prepared(sql).get(...values);
      // `null` is what bun:sqlite answers for no row.
      return row === undefined || row === null ? undefined : Object.values(row);
    },
    run: (sql, ...values) => void prepared(sql).run(...values),
    exec: (sql) => void database.exec(sql),
  };
}

/**
 * Tells a database in a file from `:memory:` and temporary ones, which SQLite lists without one.
 * @throws ConfigurationError where the handle does not answer as SQLite does, at once: it is closed, or asynchronous
 */
export function isInFile(sqlite: Sqlite): boolean {
  let row: readonly unknown[] | undefined;
  let cause: unknown;
  try {
    row = sqlite.first("PRAGMA database_list");
  } catch (error) {
    cause = error;
  }
  const [, name, file] = row ?? [];
  if (name !== "main")
    throw new ConfigurationError("database", `saw one that is closed or does not answer at once; expected ${EXPECTED}.`, { cause });
  return typeof file === "string" && file !== "";
}

/**
 * Refuses a handle that says it is in no transaction: the claim would be committed by itself.
 * @throws ConfigurationError
 */
export function assertInTransaction(database: SqliteDatabase): void {
  // node:sqlite's word, and everybody else's
  const { isTransaction, inTransaction } = database as { isTransaction?: unknown; inTransaction?: unknown };
  if (isTransaction !== false && inTransaction !== false) return;
  throw new ConfigurationError("database", "no transaction is open on it; call commitIn between BEGIN and COMMIT, on the same handle.");
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** Tells whether another connection holds a lock, in the words of each handle. */
export function isLocked(error: unknown): boolean {
  const { code, errcode, errno, message } = (error ?? {}) as { code?: unknown; errcode?: unknown; errno?: unknown; message?: unknown };
  if (typeof code === "string" && /^SQLITE_(BUSY|LOCKED)/.test(code)) return true;
  // Extended codes carry the plain one in their low byte.
  for (const number of [errcode, errno]) {
    if (typeof number === "number" && ((number & 0xff) === SQLITE_BUSY || (number & 0xff) === SQLITE_LOCKED)) return true;
  }
  return typeof message === "string" && /database (table |schema )?is locked/.test(message);
}

/**
 * Tells whether the handle is in a transaction of the application's. Nothing may be read then: it would show what the application has
 * yet to commit, and may still take back.
 */
export function isInTransaction(error: unknown): boolean {
  return error instanceof Error && /within a transaction/.test(error.message);
}

/**
 * Runs something with no busy timeout, which would block the event loop until another process lets go, and puts the handle's own back:
 * the application may use it too.
 */
export function withoutWaiting<Answer>(sqlite: Sqlite, work: () => Answer): Answer {
  const timeout = Number(sqlite.first("PRAGMA busy_timeout")?.[0] ?? 0);
  if (timeout === 0) return work();
  sqlite.exec("PRAGMA busy_timeout = 0");
  try {
    return work();
  } finally {
    sqlite.exec(`PRAGMA busy_timeout = ${timeout}`);
  }
}
