/** One way to run statements on a D1 binding. */

import { ConfigurationError } from "@countersign/core";
import { isForeignTable } from "./sqlite-table.js";
import { kindOf } from "./store-input.js";

/** What a prepared statement of D1 must offer. */
export interface D1Statement {
  bind(...values: unknown[]): D1Statement;
}

/** What a D1 binding must offer: `env.DB` of a Worker does, and a session of its `withSession()`. */
export interface D1Database {
  prepare(sql: string): D1Statement;
  batch(statements: D1Statement[]): Promise<readonly { readonly results?: unknown }[]>;
}

/** A row of the claims table as it is read; `kind` tells whether the rest is what it should be. */
export interface D1Row {
  readonly key: string;
  readonly token: string | null;
  readonly tag: string;
  readonly left: number;
  readonly kind: unknown;
}

/**
 * Runs statements, each with its parameters, in one batch: one transaction, one round trip. Answers the rows of the last.
 * @throws ConfigurationError if the table is absent or another's, or the binding does not answer as D1 does
 */
export type RunBatch = (...statements: readonly (readonly [sql: string, ...values: string[]])[]) => Promise<readonly D1Row[]>;

const EXPECTED = "a D1 binding, such as env.DB, which d1_databases in wrangler's configuration names";

/** Tells how a binding is spoken to. */
export function toRunBatch(database: D1Database): RunBatch {
  const candidate = database as Partial<D1Database> | null | undefined;
  if (typeof candidate?.prepare !== "function" || typeof candidate.batch !== "function") {
    throw new ConfigurationError("database", `saw ${kindOf(database)}; expected ${EXPECTED}.`);
  }
  return async (...statements) => {
    let answers: unknown;
    try {
      answers = await database.batch(statements.map(([sql, ...values]) => database.prepare(sql).bind(...values)));
    } catch (error) {
      throw withAdvice(error);
    }
    const last: unknown = Array.isArray(answers) ? answers.at(-1) : undefined;
    const rows = (last as { results?: unknown } | null | undefined)?.results;
    if (!Array.isArray(rows)) throw new ConfigurationError("database", `saw one that answers no list of rows; expected ${EXPECTED}.`);
    return rows;
  };
}

/** Says how to mend what cannot mend itself. */
function withAdvice(error: unknown): unknown {
  const message = error instanceof Error ? error.message : "";
  const fix = message.includes("no such table")
    ? "the claims table does not exist; apply migrations/d1.sql of @countersign/stores (`wrangler d1 migrations`, or `wrangler d1 execute --file`), or call store.migrate()."
    : isForeignTable(message)
      ? "a table of this name exists and is not the one d1Store makes; choose another name."
      : undefined;
  return fix === undefined ? error : new ConfigurationError("table", fix, { cause: error });
}
