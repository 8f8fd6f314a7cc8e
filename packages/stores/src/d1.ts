/** Claims in Cloudflare D1, over the binding that a Worker is given. */

import type { Claim, ClaimAnswer, Store } from "@countersign/core";
import { type D1Database, type D1Row, toRunBatch } from "./d1-database.js";
import { toD1Statements } from "./d1-statements.js";
import { assertIsClaim, toSqliteTableName } from "./sqlite-table.js";
import { assertClaim, assertOptions, toWholeMilliseconds } from "./store-input.js";
import { tryClaim } from "./try-claim.js";

export type { D1Database, D1Statement } from "./d1-database.js";

/** Options of {@link d1Store}. */
export interface D1StoreOptions {
  /** @default "countersign_claims" */
  readonly table?: string | undefined;
}

/** A store whose table is made beforehand. */
export interface D1Store extends Store {
  /** Creates the table where it is absent. Safe to call any number of times; each call is a round trip, which a migration by wrangler saves. */
  migrate(): Promise<void>;
  check(): Promise<void>;
}

/** One claim in so many is followed by a sweep. */
const SWEEP_EVERY = 50;

/**
 * Makes a store in D1.
 *
 * Each operation is one batch, which D1 runs as one transaction, and one round trip; the database's clock decides. Rows whose time is
 * over are swept in small batches. The table comes from `migrations/d1.sql` in this package, or from `migrate()`.
 *
 * There is no `commitIn`: D1 has no transaction that stays open for the application's own writes.
 *
 * @throws ConfigurationError (`MISCONFIGURED`) if the binding is none of D1, or an option is wrong.
 *
 * @example
 * import { type D1Database, d1Store } from "@countersign/stores/d1";
 *
 * const makeStore = (env: { DB: D1Database }) => d1Store(env.DB);
 */
export function d1Store(database: D1Database, options: D1StoreOptions = {}): D1Store {
  const run = toRunBatch(database);
  assertOptions("d1Store", options, ["table"]);
  const sql = toD1Statements(toSqliteTableName(options.table));

  /**
   * Sweeps now and then the keys that follow a claim's own: keys are digests and fall anywhere, so that isolates which live for few
   * requests sweep all of the table between them. It is not waited for, and begins while the handler has yet to run: what begins after a
   * reply is cut off. One that was lost is made up for by the next.
   */
  const sweep = (key: string): void => {
    if (Math.random() * SWEEP_EVERY < 1) run([sql.sweep, key]).catch(() => undefined);
  };

  const store: D1Store = {
    durable: true,
    async claim(claim) {
      assertClaim(claim);
      const { key, token, tag, mark } = claim;
      const values = [key, token, tag, toWholeMilliseconds(claim.lease)] as const;
      const look = [sql.look, key, mark ?? key] as const;
      const rows =
        mark === undefined
          ? await run([sql.claim, ...values], look)
          : await run([sql.claim, ...values], [sql.claimMark, ...values, mark], look);
      sweep(key);
      return toAnswer(rows, claim);
    },
    async renew(claim) {
      assertClaim(claim);
      const { key, token, mark = key } = claim;
      const rows = await run([sql.renew, key, token, mark, toWholeMilliseconds(claim.lease)]);
      return rows.length > 0 ? "ok" : "lost";
    },
    async commit(claim, keep) {
      assertClaim(claim);
      const { key, token, tag, mark } = claim;
      const commit = [sql.commit, key, token, tag, toWholeMilliseconds(keep.key)] as const;
      const look = [sql.look, key, mark ?? key] as const;
      const rows =
        mark === undefined ? await run(commit, look) : await run(commit, [sql.commitMark, mark, tag, toWholeMilliseconds(keep.mark)], look);
      return findRow(rows, key).token === null ? "ok" : "held";
    },
    async release(claim) {
      assertClaim(claim);
      const { key, token, mark = key } = claim;
      await run([sql.release, key, token, mark]);
    },
    check: () => tryClaim(store),
    async migrate() {
      await run([sql.schema]);
    },
  };
  return store;
}

/** What stands there after the writes tells who got it: a done row is nobody's. */
function toAnswer(rows: readonly D1Row[], { key, mark, token }: Claim): ClaimAnswer {
  const held = findRow(rows, key);
  if (held.token === null) return { outcome: "duplicate", tag: held.tag };
  if (held.token !== token) return { outcome: "busy", remaining: Math.max(1, held.left) };
  const marked = mark === undefined ? held : findRow(rows, mark);
  return { outcome: "claimed", repeats: marked.token === null ? "done" : marked.token === token ? false : "running" };
}

function findRow(rows: readonly D1Row[], name: string): D1Row {
  const row = rows.find(({ key }) => key === name);
  assertIsClaim(row?.kind, "D1");
  return row as D1Row;
}
