/** Every PostgreSQL client there is, brought to the suite. */

import { postgresStore } from "@countersign/stores/postgres";
import type { StoreHarness } from "@countersign/testing/stores";
import type { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import postgres from "postgres";
import { startFaultyProxy } from "../servers/start-faulty-proxy.js";
import type { TestServer } from "../servers/start-server.js";

/** A connection and how to end it. */
export interface PostgresConnection {
  readonly client: Parameters<typeof postgresStore>[0];
  close(): Promise<unknown>;
}

const urlOf = (port: number): string => `postgres://test@127.0.0.1:${port}/postgres`;

/** How to connect to a loopback port, by client. */
export const POSTGRES_CLIENTS: Readonly<Record<string, (port: number) => Promise<PostgresConnection>>> = {
  async "pg Pool"(port) {
    const client = new pg.Pool({ connectionString: urlOf(port), max: 10 });
    client.on("error", () => undefined);
    return { client, close: () => client.end() };
  },
  async "pg Client"(port) {
    const client = new pg.Client({ connectionString: urlOf(port) });
    client.on("error", () => undefined);
    await client.connect();
    return { client, close: () => client.end() };
  },
  async "postgres.js"(port) {
    const client = postgres(urlOf(port), { max: 10, onnotice: () => undefined, backoff: () => 0.02 });
    return { client, close: () => client.end({ timeout: 1 }) };
  },
};

/** A harness over a running server whose table is there. A single Client does not connect again by itself: it is not tried with faults. */
export function postgresHarness(name: string, server: () => TestServer): StoreHarness {
  const connect = POSTGRES_CLIENTS[name]!;
  return {
    name: `postgresStore over ${name}`,
    traits: ["own-clock", "connections", "freeze", ...(name === "pg Client" ? [] : (["faults"] as const))],
    async open(needs) {
      const proxy = needs.includes("faults") ? await startFaultyProxy(server().port) : undefined;
      const ports = [proxy?.port ?? server().port, server().port, server().port];
      const connections = await Promise.all(ports.map(connect));
      const [first, second, third] = connections.map(({ client }) => postgresStore(client));
      return {
        stores: [first!, second!, third!],
        freeze: server(),
        faults: proxy && { ...proxy, cutNextReply: () => proxy.cutNextReply(2) },
        async close() {
          await Promise.all(connections.map((connection) => connection.close()));
          await proxy?.close();
        },
      };
    },
  };
}

/** PGlite is a PostgreSQL in the process, by whose clock it goes: one connection, whose operations stand in line. */
export function pgliteHarness(database: () => PGlite): StoreHarness {
  return {
    name: "postgresStore over PGlite",
    traits: ["connections"],
    async open() {
      return { stores: [postgresStore(database()), postgresStore(database())], close: async () => undefined };
    },
  };
}
