/** One way to run a statement, whatever the client at hand calls it. */

import { ConfigurationError } from "@countersign/core";

/**
 * What a PostgreSQL client must offer, one of:
 *
 * - `pg`: a Pool, a Client or a PoolClient, by its `query`
 * - PGlite, or a transaction of it, by its `query`
 * - `postgres` (postgres.js): the `sql` function, or a transaction's, by its `unsafe`
 */
export type PostgresClient =
  | { query(...args: never[]): PromiseLike<{ readonly rows: unknown[] }> }
  | { unsafe(...args: never[]): PromiseLike<readonly unknown[]> };

/** Runs one statement with parameters and answers its rows. */
export type RunStatement = (text: string, values: readonly (string | number)[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

type Method = (text: string, values: unknown[], options?: { prepare: boolean }) => PromiseLike<unknown>;

/** Tells how a client is spoken to. `name` is what the caller called it. */
export function toRunStatement(client: PostgresClient, name: string): RunStatement {
  const methodOf = (method: string): Method | undefined => {
    const found = (client as unknown as Record<string, unknown> | null | undefined)?.[method];
    return typeof found === "function" ? (found.bind(client) as Method) : undefined;
  };
  const unsafe = methodOf("unsafe");
  // postgres.js asks the server for the parameters' types first: a second round trip, unless the statement is prepared. A client made
  // with `prepare: false`, as some poolers want it, stays so.
  if (unsafe !== undefined) return async (text, values) => toRows(await unsafe(text, [...values], { prepare: true }));
  const query = methodOf("query");
  if (query !== undefined) {
    return async (text, values) => toRows(((await query(text, [...values])) as { rows?: unknown } | undefined)?.rows);
  }
  throw new ConfigurationError(name, "must be a Pool or Client of `pg`, the `sql` of `postgres`, or a PGlite database.");
}

function toRows(rows: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(rows)) throw new Error("The client answered no list of rows; is it a PostgreSQL client?");
  return rows as Readonly<Record<string, unknown>>[];
}
