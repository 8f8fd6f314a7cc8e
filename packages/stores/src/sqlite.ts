/** Claims in SQLite, for several processes of one machine, over any synchronous handle. */

import { ConfigurationError, type Store, type WebhookEvent } from "@countersign/core";
import { toLeaseLost, toOwnClaim } from "./own-claim.js";
import { assertInTransaction, isInFile, type SqliteDatabase, toSqlite } from "./sqlite-database.js";
import { toOperations } from "./sqlite-operations.js";
import { createQueue, type Enqueue, inTransaction } from "./sqlite-queue.js";
import { isForeignTable, toSqliteTableName } from "./sqlite-table.js";
import { assertClaim, assertOptions, seen } from "./store-input.js";
import { tryClaim } from "./try-claim.js";

export type { SqliteDatabase } from "./sqlite-database.js";

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** @default "countersign_claims" */
  readonly table?: string | undefined;
  /**
   * Seconds for which a locked database is tried again. Not longer than the verifier's `storeTimeout`.
   * @default 2
   */
  readonly timeout?: number | undefined;
  /**
   * Seconds between two tries, give or take half.
   * @default 0.005
   */
  readonly pollInterval?: number | undefined;
}

/** A store that can commit together with the application's own writes. */
export interface SqliteStore extends Store {
  /**
   * Commits an event's claim inside the application's own transaction on `database`, so that both stand or fall together. Synchronous,
   * as the handle's transactions are.
   *
   * @throws WebhookError (`LEASE_LOST`) unless the lease is still this event's; roll back then.
   * @throws ConfigurationError (`MISCONFIGURED`) if the event has no claim, or no transaction is open on `database`.
   */
  commitIn(database: SqliteDatabase, event: WebhookEvent): void;
  check(): Promise<void>;
}

const SWEEP_EVERY = 100;
const SWEEP_KEYS = 500;

/**
 * Makes a store in SQLite (3.35 or later), in write-ahead mode. The table is created at the first use.
 *
 * A locked database is never waited for inside the handle, which would stop the whole process: the store tries again from the event
 * loop. Give it a handle of its own; one whose transactions stay open across an `await` makes the store wait for them.
 *
 * @throws ConfigurationError (`MISCONFIGURED`) if the handle has a shape nobody knows, or an option is wrong.
 *
 * @example
 * import { DatabaseSync } from "node:sqlite";
 * import { sqliteStore } from "@countersign/stores/sqlite";
 *
 * const store = sqliteStore(new DatabaseSync("claims.db"));
 */
export function sqliteStore(database: SqliteDatabase, options: SqliteStoreOptions = {}): SqliteStore {
  const sqlite = toSqlite(database, "database");
  assertOptions("sqliteStore", options, ["table", "timeout", "pollInterval"]);
  const { timeout = 2, pollInterval = 0.005 } = options;
  const operations = toOperations(toSqliteTableName(options.table));
  assertSeconds("timeout", timeout);
  assertSeconds("pollInterval", pollInterval);
  let count = 0;
  let place = "";

  /** Makes the table and the mode; either may find the database locked. */
  const prepare = (): void => {
    sqlite.first("PRAGMA journal_mode = WAL");
    try {
      operations.check(sqlite); // A table that is there needs no lock, which another connection may hold.
    } catch (error) {
      if (!(error instanceof Error) || !/no such table/.test(error.message)) throw error;
      // In a transaction of its own, which fails inside the application's: a rollback there would take the table along.
      inTransaction(sqlite, () => sqlite.exec(operations.schema));
    }
  };

  const enqueue = createQueue(sqlite, { timeout: timeout * 1000, pollInterval: pollInterval * 1000, prepare });
  const write: Enqueue = (step, options) => enqueue(step, options).catch(refuseWithAdvice);

  /** Sweeps the next keys now and then, after an answer and never before it. */
  const sweep = (): void => {
    count += 1;
    if (count % SWEEP_EVERY !== 0) return;
    write(() => {
      place = operations.sweep(sqlite, place, SWEEP_KEYS);
    }).catch(() => undefined); // The next one makes up for it; what matters meets its own error at the next claim.
  };

  const store: SqliteStore = {
    durable: isInFile(sqlite),
    async claim(claim) {
      assertClaim(claim);
      const answer = await write(() => operations.claim(sqlite, claim), {
        // A refusal can be told by reading, which no other connection's writer holds up.
        refusal: () => operations.refusal(sqlite, claim),
      });
      sweep();
      return answer;
    },
    async renew(claim) {
      assertClaim(claim);
      return write(() => operations.renew(sqlite, claim));
    },
    async commit(claim, keep) {
      assertClaim(claim);
      const answer = await write(() => operations.commit(sqlite, claim, keep));
      sweep();
      return answer;
    },
    async release(claim) {
      assertClaim(claim);
      await write(() => operations.release(sqlite, claim));
    },
    async check() {
      await write(() => operations.check(sqlite));
      await tryClaim(store);
    },
    commitIn(transaction, event) {
      const own = toSqlite(transaction, "database");
      const { claim, keep, entrust } = toOwnClaim(event);
      if (!operations.isMine(own, claim.key, claim.token)) throw toLeaseLost(event);
      assertInTransaction(transaction);
      operations.commit(own, claim, keep);
      entrust();
    },
  };
  return store;
}

function refuseWithAdvice(error: unknown): never {
  const message = error instanceof Error ? error.message : "";
  if (message.includes("readonly database"))
    throw new ConfigurationError("database", "the database cannot be written; open it for writing.", { cause: error });
  if (!isForeignTable(message)) throw error;
  throw new ConfigurationError("table", "a table of this name exists and is not the one sqliteStore makes; choose another name.", {
    cause: error,
  });
}

function assertSeconds(option: string, value: unknown): void {
  if (typeof value !== "number" || !(value > 0) || value > 60)
    throw new ConfigurationError(option, `saw ${seen(value)}; expected seconds, more than 0 and at most 60.`);
}
