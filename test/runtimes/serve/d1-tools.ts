/** What the cases of D1 are written with. */

import { type D1Database, type D1Statement, d1Store } from "@countersign/stores/d1";
import { expectTrue } from "../../../packages/testing/src/stores/case-tools.js";

/** What D1 answers to a statement. */
interface D1Answer {
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly rows_written: number };
}

interface D1Bound extends D1Statement {
  bind(...values: unknown[]): D1Bound;
  all(): Promise<D1Answer>;
}

/** `env.DB`, as far as the cases use it. */
export interface D1Binding extends D1Database {
  prepare(sql: string): D1Bound;
  batch(statements: D1Statement[]): Promise<D1Answer[]>;
  withSession(constraint: "first-primary"): D1Binding;
}

export interface D1Case {
  readonly name: string;
  run(database: D1Binding): Promise<void>;
}

let count = 0;

/** A table of its own for a case, with what it needs to look into it. */
export async function openTable(database: D1Binding) {
  count += 1;
  const table = `claims_${count}`;
  const store = d1Store(database, { table });
  await store.migrate();
  const run = async (sql: string, ...values: unknown[]) => {
    const { results } = await database
      .prepare(sql.replaceAll("CLAIMS", table))
      .bind(...values)
      .all();
    return results;
  };
  return { table, store, run };
}

/** Fails unless it rejects with such a message; answers the error. */
export async function expectRejection(promise: Promise<unknown>, message: RegExp): Promise<Error> {
  const error: unknown = await promise.then(
    (answer) => new Error(`answered ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  expectTrue(error instanceof Error && message.test(error.message), `expected ${message}, got ${error}`);
  return error as Error;
}
