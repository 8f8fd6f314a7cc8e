/** Stores over clients that are set up as docs/stores.md says. */

import type { Store } from "@countersign/core";
import { postgresStore } from "@countersign/stores/postgres";
import { redisStore } from "@countersign/stores/redis";
import { sqliteStore } from "@countersign/stores/sqlite";
import type { ServerClient, StorePlan } from "./receiver-plan.js";

/** A store and how to let go of its client. */
interface OpenStore {
  readonly store: Store;
  close(): unknown;
}

// Without a listener, a connection that is cut ends the process.
const listener = (): undefined => undefined;
const urlOf = (port: number): string => `postgres://test@127.0.0.1:${port}/postgres`;

/**
 * Each loads its client itself: receivers are started by the hundred, and some clients take longer to load than all the rest.
 *
 * `patience` is the verifier's `storeTimeout` in milliseconds: no client should wait longer, nor pause longer between two connections.
 */
const OPENERS: Readonly<Record<ServerClient, (port: number, patience: number) => Promise<OpenStore>>> = {
  async redis(port, patience) {
    const { createClient } = await import("redis");
    const client = createClient({
      socket: { host: "127.0.0.1", port, reconnectStrategy: 100 },
      commandOptions: { timeout: patience },
    });
    client.on("error", listener);
    await client.connect();
    return { store: redisStore(client), close: () => client.destroy() };
  },
  async ioredis(port, patience) {
    const { Redis } = await import("ioredis");
    const client = new Redis(port, "127.0.0.1", { commandTimeout: patience, retryStrategy: () => 100 });
    client.on("error", listener);
    await client.ping();
    return { store: redisStore(client), close: () => client.disconnect() };
  },
  async "pg Pool"(port, patience) {
    const { default: pg } = await import("pg");
    const pool = new pg.Pool({ connectionString: urlOf(port), connectionTimeoutMillis: patience, query_timeout: patience });
    pool.on("error", listener);
    return { store: postgresStore(pool), close: () => pool.end() };
  },
  async "postgres.js"(port, patience) {
    const { default: postgres } = await import("postgres");
    const sql = postgres(urlOf(port), { onnotice: listener, connect_timeout: patience / 1000, backoff: () => 0.1, fetch_types: false });
    return { store: postgresStore(sql), close: () => sql.end({ timeout: 1 }) };
  },
};

/** Opens a store of one process. `storeTimeout` is the verifier's, in seconds. */
export async function openStore(plan: StorePlan, storeTimeout: number): Promise<OpenStore> {
  if (plan.client !== "libsql") return OPENERS[plan.client](plan.port, storeTimeout * 1000);
  const { default: Database } = await import("libsql");
  const database = new Database(plan.file);
  return { store: sqliteStore(database, { timeout: storeTimeout }), close: () => database.close() };
}
