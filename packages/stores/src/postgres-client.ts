/** One way to run a statement, whatever the client at hand calls it. */

import { ConfigurationError } from "@countersign/core";
import { kindOf } from "./store-input.js";

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

/**
 * Runs one statement with parameters and answers its rows, each as its values in the order of the statement: clients can be set up to
 * rename columns, or to answer `undefined` for NULL.
 */
export type RunStatement = (text: string, values: readonly (string | number)[]) => Promise<readonly (readonly unknown[])[]>;

type Method = (...args: unknown[]) => PromiseLike<unknown>;

/**
 * Tells how a client is spoken to. `name` is what the caller called it; `prepare` whether statements are prepared once for each
 * connection, which saves the database planning them every time, and postgres.js a second round trip.
 */
export function toRunStatement(client: PostgresClient, name: string, prepare: boolean): RunStatement {
  const methodOf = (method: string): Method | undefined => {
    const found = (client as unknown as Record<string, unknown> | null | undefined)?.[method];
    return typeof found === "function" ? (found.bind(client) as Method) : undefined;
  };
  const unsafe = methodOf("unsafe");
  if (unsafe !== undefined) return async (text, values) => toRows(await unsafe(text, [...values], { prepare }));
  const query = methodOf("query");
  if (query === undefined)
    throw new ConfigurationError(
      name,
      `saw ${kindOf(client)}; expected a Pool or Client of \`pg\`, the \`sql\` of \`postgres\`, or a PGlite database.`,
    );
  // Only `pg` takes a named statement, as one object; what looks like its pool or client is.
  const named = prepare && ("totalCount" in client || "connectionParameters" in client);
  return async (text, values) => {
    const asked = named && values.length > 0 ? query({ name: nameOf(text), text, values: [...values] }) : query(text, [...values]);
    return toRows(((await asked) as { rows?: unknown } | undefined)?.rows);
  };
}

/**
 * Refuses what gives each statement a connection of its own: the claim would be committed outside the transaction, and stay so when
 * that is rolled back.
 */
export function assertOneConnection(client: PostgresClient): void {
  const fix =
    "totalCount" in client
      ? "saw a Pool, which runs each statement on a connection of its choice; pass the client of pool.connect() that ran BEGIN."
      : "begin" in client
        ? "saw the `sql` of all connections; pass the one that sql.begin() hands to its function."
        : undefined;
  if (fix !== undefined) throw new ConfigurationError("transaction", fix);
}

const names = new Map<string, string>();

/** A statement's name on its connection: the same for the same text, whichever store asks. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  let [high, low] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), 0x01000193);
    low = Math.imul(low ^ text.charCodeAt(i), 0x85ebca6b);
  }
  const name = `countersign_${(high >>> 0).toString(36)}_${(low >>> 0).toString(36)}`;
  names.set(text, name);
  return name;
}

function toRows(rows: unknown): readonly (readonly unknown[])[] {
  if (!Array.isArray(rows)) throw new Error("The client answered no list of rows; is it a PostgreSQL client?");
  return rows.map((row: object) => Object.values(row));
}
