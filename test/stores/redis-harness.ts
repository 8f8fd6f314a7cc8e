/** Every Redis client there is, brought to the suite. */

import { redisStore } from "@countersign/stores/redis";
import type { StoreHarness } from "@countersign/testing/stores";
import { GlideClient } from "@valkey/valkey-glide";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { startFaultyProxy } from "../servers/start-faulty-proxy.js";
import type { TestServer } from "../servers/start-server.js";

/** A connection and how to end it. */
interface Connection {
  readonly client: Parameters<typeof redisStore>[0];
  close(): unknown;
}

/** How to connect to a loopback port, by client. */
export const REDIS_CLIENTS: Readonly<Record<string, (port: number) => Promise<Connection>>> = {
  async redis(port) {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 20 } });
    client.on("error", () => undefined);
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  async ioredis(port) {
    const client = new Redis(port, "127.0.0.1", { retryStrategy: () => 20 });
    client.on("error", () => undefined);
    await client.ping();
    return { client, close: () => client.disconnect() };
  },
  async "valkey-glide"(port) {
    const client = await GlideClient.createClient({
      addresses: [{ host: "127.0.0.1", port }],
      requestTimeout: 500,
      connectionBackoff: { numberOfRetries: 5, factor: 20, exponentBase: 2 },
    });
    return { client, close: () => client.close() };
  },
};

/** A harness over a running server: the first store goes through a proxy where a case wants faults. */
export function redisHarness(name: string, server: () => TestServer): StoreHarness {
  const connect = REDIS_CLIENTS[name]!;
  return {
    name: `redisStore over ${name}`,
    traits: ["own-clock", "connections", "faults", "freeze"],
    async open(needs) {
      const proxy = needs.includes("faults") ? await startFaultyProxy(server().port) : undefined;
      const ports = [proxy?.port ?? server().port, server().port, server().port];
      const connections = await Promise.all(ports.map(connect));
      const [first, second, third] = connections.map(({ client }) => redisStore(client));
      return {
        stores: [first!, second!, third!],
        freeze: server(),
        faults: proxy && { ...proxy, cutNextReply: () => proxy.cutNextReply(2) },
        async close() {
          for (const connection of connections) connection.close();
          await proxy?.close();
        },
      };
    },
  };
}
