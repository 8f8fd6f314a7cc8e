/** Claims in PostgreSQL, over the client the application already has. */

import { type Claim, type ClaimAnswer, ConfigurationError, type Keep, type Store, type WebhookEvent } from "@countersign/core";
import { toLeaseLost, toOwnClaim } from "./own-claim.js";
import { type Advice, toAdvice, toMigrationAdvice } from "./postgres-advice.js";
import { assertOneConnection, type PostgresClient, type RunStatement, toRunStatement } from "./postgres-client.js";
import { type TableOptions, toMigration, toTableName } from "./postgres-migration.js";
import { toStatements } from "./postgres-statements.js";
import { assertClaim, assertOptions, seen, toWholeMilliseconds } from "./store-input.js";
import { tryClaim } from "./try-claim.js";

export type { PostgresClient } from "./postgres-client.js";

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions extends TableOptions {
  /**
   * Whether statements are prepared once for each connection (`pg` and postgres.js). `false` for a pooler that hands every transaction
   * another connection and keeps no prepared statements, as PgBouncer before 1.21 does.
   * @default true
   */
  readonly prepare?: boolean | undefined;
}

/** A store that can commit together with the application's own writes. */
export interface PostgresStore extends Store {
  /** Creates the table where it is absent. Safe to call at every start, from many processes at once. */
  migrate(): Promise<void>;
  /**
   * Commits an event's claim inside the application's own transaction, so that both stand or fall together. Call it last: until the
   * transaction ends, other deliveries of the same event wait for it.
   *
   * @param transaction the client that runs the transaction (a PoolClient after `BEGIN`, the `sql` of `sql.begin`, PGlite's `tx`)
   * @throws WebhookError (`LEASE_LOST`) unless the lease is still this event's; roll back then.
   * @throws ConfigurationError (`MISCONFIGURED`) if the event has no claim, or a pool is given in place of its one client.
   */
  commitIn(transaction: PostgresClient, event: WebhookEvent): Promise<void>;
  check(): Promise<void>;
}

/** After so many operations the next pages of the table are swept. */
const SWEEP_EVERY = 100;
const SWEEP_PAGES = 16;
/** Serialization failures and deadlocks, which only other isolation levels or the application's own locks can cause. */
const RETRIES = 3;

/**
 * Makes a store in PostgreSQL (14 or later).
 *
 * Each operation is one statement and one round trip; the database's clock decides. Rows whose time is over are swept in small batches
 * between operations. The table comes from `migrate()` or from `migrations/postgres.sql` in this package.
 *
 * @throws ConfigurationError (`MISCONFIGURED`) if the client has a shape nobody knows, or an option is wrong.
 *
 * @example
 * import pg from "pg";
 * import { postgresStore } from "@countersign/stores/postgres";
 *
 * const store = postgresStore(new pg.Pool());
 * await store.migrate();
 */
export function postgresStore(client: PostgresClient, options: PostgresStoreOptions = {}): PostgresStore {
  assertOptions("postgresStore", options, ["schema", "table", "prepare"]);
  const { prepare = true } = options;
  const runOnce = toRunStatement(client, "client", prepare);
  const run = withAdvice(runOnce, toAdvice);
  if (typeof prepare !== "boolean") throw new ConfigurationError("prepare", `saw ${seen(prepare)}; expected true or false.`);
  const table = toTableName(options);
  const sql = toStatements(table);
  const sweep = sweeper(run, sql.sweep);

  const store: PostgresStore = {
    durable: true,
    async claim(claim) {
      assertClaim(claim);
      const values = [claim.key, claim.token, claim.tag, toWholeMilliseconds(claim.lease)];
      const rows = claim.mark === undefined ? await run(sql.claim, values) : await run(sql.claimMarked, [...values, claim.mark]);
      sweep();
      return toAnswer(rows[0], claim);
    },
    async renew({ key, token, mark, ...claim }) {
      assertClaim({ key, token, mark, ...claim });
      const values = [key, token, toWholeMilliseconds(claim.lease)];
      const rows = mark === undefined ? await run(sql.renew, values) : await run(sql.renewMarked, [...values, mark]);
      return rows.length === 1 ? "ok" : "lost";
    },
    async commit(claim, keep) {
      assertClaim(claim);
      const values = commitValues(claim, keep);
      const rows = await run(claim.mark === undefined ? sql.commit : sql.commitMarked, values);
      sweep();
      return rows.length === 1 && isNull(rows[0]?.[0]) ? "ok" : "held";
    },
    async release(claim) {
      assertClaim(claim);
      const { key, token, mark } = claim;
      if (mark === undefined) await run(sql.release, [key, token]);
      else await run(sql.releaseMarked, [key, token, mark]);
    },
    async check() {
      await run(sql.check, []);
      await tryClaim(store);
    },
    async migrate() {
      await withAdvice(runOnce, toMigrationAdvice)(toMigration(options), []);
    },
    async commitIn(transaction, event) {
      const inTransaction = toRunStatement(transaction, "transaction", prepare);
      const { claim, keep, entrust } = toOwnClaim(event);
      assertOneConnection(transaction);
      const rows = await inTransaction(claim.mark === undefined ? sql.commitOwn : sql.commitOwnMarked, commitValues(claim, keep));
      if (rows.length !== 1) throw toLeaseLost(event);
      entrust();
    },
  };
  return store;
}

function commitValues({ key, token, tag, mark }: Claim, keep: Keep): string[] {
  const values = [key, token, tag, toWholeMilliseconds(keep.key)];
  return mark === undefined ? values : [...values, mark, toWholeMilliseconds(keep.mark)];
}

function toAnswer(row: readonly unknown[] | undefined, { token }: Claim): ClaimAnswer {
  const [holder, tag, remaining, mark] = row ?? [];
  if (isNull(holder) && typeof tag === "string") return { outcome: "duplicate", tag };
  if (holder === token) return { outcome: "claimed", repeats: mark === "done" || mark === "running" ? mark : false };
  // A client may be set up to leave numbers as text.
  const left = Number(remaining ?? Number.NaN);
  if (typeof holder !== "string" || !Number.isFinite(left)) {
    throw new Error("The row met in PostgreSQL is not a claim of this store; another application writes there, or it was damaged.");
  }
  return { outcome: "busy", remaining: Math.max(1, Math.ceil(left)) };
}

/** NULL, whichever way the client is set up to say it. */
function isNull(value: unknown): boolean {
  return value === null || value === undefined;
}

/** Says how to mend what cannot mend itself; tries again what can. */
function withAdvice(run: RunStatement, advise: (code: unknown) => Advice | undefined): RunStatement {
  return async (text, values) => {
    for (let tried = 1; ; tried++) {
      try {
        return await run(text, values);
      } catch (error) {
        const code = (error as { code?: unknown } | undefined)?.code;
        if ((code === "40001" || code === "40P01") && tried < RETRIES) continue;
        const advice = advise(code);
        if (advice !== undefined) throw new ConfigurationError(advice.option, advice.fix, { cause: error });
        throw error;
      }
    }
  };
}

/** Sweeps the next pages now and then, after an answer and never before it. Processes begin at different pages. */
function sweeper(run: RunStatement, statement: string): () => void {
  let operations = 0;
  let place: number | undefined;
  return () => {
    operations += 1;
    if (operations % SWEEP_EVERY !== 0) return;
    const from = place ?? 0;
    // A failed sweep is made up for by the next one; what matters meets its own error at the next claim.
    run(statement, [`(${from},0)`, `(${from + SWEEP_PAGES},0)`]).then(
      ([row]) => {
        const pages = Number(row?.[0] ?? 0);
        if (place === undefined) place = Math.floor(Math.random() * pages);
        else place = from + SWEEP_PAGES < pages ? from + SWEEP_PAGES : 0;
      },
      () => undefined,
    );
  };
}
