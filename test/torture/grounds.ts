/** The stores that several processes can share, each on a server of this run's own. */

import { postgresStore } from "@countersign/stores/postgres";
import Database from "libsql";
import pg from "pg";
import { startPostgres } from "../servers/start-postgres.js";
import { startRedis, tell } from "../servers/start-redis.js";
import type { MissingServer } from "../servers/start-server.js";
import { makeDatabaseFile } from "../stores/sqlite-harness.js";
import type { StorePlan } from "./receiver-plan.js";

export type StoreName = "redis" | "postgres" | "sqlite";

/** A store that runs. */
export interface Ground {
  readonly plan: StorePlan;
  /** Counts keys or rows, those whose time is over included. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** How to start each. */
export const GROUNDS: Readonly<Record<StoreName, () => Promise<Ground | MissingServer>>> = {
  async redis() {
    const server = await startRedis();
    if ("missing" in server) return server;
    return {
      plan: { client: "ioredis", port: server.port },
      count: async () => Number((await tell(server.port, "DBSIZE")).slice(1)),
      stop: () => server.stop(),
    };
  },
  async postgres() {
    const server = await startPostgres();
    if ("missing" in server) return server;
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    pool.on("error", () => undefined);
    await postgresStore(pool).migrate();
    return {
      plan: { client: "pg Pool", port: server.port },
      count: async () => (await pool.query("SELECT count(*)::int AS rows FROM countersign_claims")).rows[0].rows,
      async stop() {
        await pool.end();
        await server.stop();
      },
    };
  },
  async sqlite() {
    const { file, remove } = makeDatabaseFile();
    const database = new Database(file);
    return {
      plan: { client: "libsql", file },
      count: async () => (database.prepare("SELECT count(*) AS rows FROM countersign_claims").get() as { rows: number }).rows,
      async stop() {
        database.close();
        remove();
      },
    };
  },
};
