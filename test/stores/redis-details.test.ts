import { once } from "node:events";
import { ConfigurationError } from "@countersign/core";
import { type RedisClient, redisStore } from "@countersign/stores/redis";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeClaim, pause } from "../../packages/testing/src/stores/case-tools.js";
import { startRedis, tell } from "../servers/start-redis.js";

const KEEP = { key: 60_000, mark: 60_000 };

describe("redisStore's options", () => {
  const client = { sendCommand: async () => null };

  it("refuses a client of a shape nobody knows, and says which ones it takes", () => {
    for (const wrong of [undefined, null, {}, "redis://localhost", { get() {}, set() {} }]) {
      expect(() => redisStore(wrong as never)).toThrow(ConfigurationError);
      expect(() => redisStore(wrong as never)).toThrow(
        /^client: saw (undefined|null|an object|a string); .*`redis`, `ioredis` or `@valkey\/valkey-glide`/,
      );
    }
  });

  it("takes a function as sendCommand, and says that a class is not one", async () => {
    const sent: string[][] = [];
    const store = redisStore(async (args) => {
      sent.push(args);
      return ["claimed", "none"];
    });
    expect(await store.claim(makeClaim())).toEqual({ outcome: "claimed", repeats: false });
    expect(sent[0]?.[0]).toBe("EVALSHA");
    expect(() => redisStore(Redis as never)).toThrow(ConfigurationError);
    expect(() => redisStore(Redis as never)).toThrow(/^client: Redis is a class; pass an instance/);
  });

  it("refuses a prefix that would break the hash tag, and options it does not know", () => {
    for (const prefix of ["", "a{b", "a}b", "a b", "é", "x".repeat(65), 5]) {
      expect(() => redisStore(client, { prefix } as never)).toThrow(/^prefix: /);
    }
    expect(() => redisStore(client, { ttl: 5 } as never)).toThrow(/^ttl: /);
    expect(() => redisStore(client, { prefix: "a{b" })).toThrow('prefix: saw "a{b"; expected 1 to 64');
    for (const options of [null, "billing"])
      expect(() => redisStore(client, options as never)).toThrow(/^redisStore: saw (null|a string) for/);
    expect(redisStore(client, { prefix: undefined }).durable).toBe(true);
  });

  it("rejects claims that break the contract before it asks the server", async () => {
    const store = redisStore({ sendCommand: () => Promise.reject(new Error("asked")) });
    for (const wrong of [
      { key: "a}b" },
      { key: "" },
      { mark: "a b" },
      { partition: "{" },
      { token: "a:b" },
      { tag: "x".repeat(129) },
      { lease: 0 },
    ]) {
      await expect(store.claim(makeClaim(wrong))).rejects.toThrow(RangeError);
    }
  });

  it("does not trust a client that answers something else", async () => {
    const answer = (reply: unknown) => redisStore({ sendCommand: async () => reply }).claim(makeClaim());
    for (const reply of [null, "OK", [], ["fine"], [null]]) await expect(answer(reply)).rejects.toThrow(/Redis answered/);
  });
});

const server = await startRedis();

if ("missing" in server) describe.skip(`redisStore on a server (skipped: ${server.missing})`);
else
  describe("redisStore on a server", async () => {
    const client = new Redis(server.port, "127.0.0.1", { retryStrategy: () => 20 });
    client.on("error", () => undefined);
    afterAll(async () => {
      client.disconnect();
      await server.stop();
    });
    const store = redisStore(client);
    const nameOf = ({ partition, key }: { partition: string; key: string }) => `countersign:{${partition}}:${key}`;

    it("refuses a corrupt or foreign value under its key, and names the key", async () => {
      const spoil: Record<string, (name: string) => Promise<unknown>> = {
        "another text": (name) => client.set(name, "hello", "PX", 60_000),
        "an empty text": (name) => client.set(name, "", "PX", 60_000),
        "a text that a lease is in": (name) => client.set(name, "-L1:token:tag", "PX", 60_000),
        "a text that a tag is in": (name) => client.set(name, "-D1:tag", "PX", 60_000),
        "another version": (name) => client.set(name, "D2:tag", "PX", 60_000),
        "a lease of no token": (name) => client.set(name, "L1::tag", "PX", 60_000),
        "no expiry": (name) => client.set(name, "D1:tag"),
        "a list": (name) => client.lpush(name, "D1:tag"),
      };
      for (const [what, write] of Object.entries(spoil)) {
        for (const spoiled of ["key", "mark"] as const) {
          const claim = makeClaim({ mark: `mark-${spoiled}-${what.replaceAll(" ", "-")}` });
          await write(nameOf({ ...claim, key: claim[spoiled]! }));
          for (const operation of [store.claim(claim), store.renew(claim), store.commit(claim, KEEP), store.release(claim)]) {
            await expect(operation, `${what} as ${spoiled}`).rejects.toThrow(`${claim[spoiled]} is not a claim of this store`);
          }
        }
      }
    });

    it("goes on after the server forgot its scripts, and after it was restarted", async () => {
      const claim = makeClaim();
      await store.claim(claim);
      await client.script("FLUSH");
      expect(await store.commit(claim, KEEP)).toBe("ok");
      await server.kill();
      await server.restart();
      await expect
        .poll(
          () =>
            store.claim(makeClaim()).then(
              ({ outcome }) => outcome,
              () => "down",
            ),
          { timeout: 10_000 },
        )
        .toBe("claimed");
    });

    it("makes one round trip for each operation", async () => {
      const sent: string[][] = [];
      const counting: RedisClient = {
        sendCommand(args: string[]) {
          sent.push(args);
          return client.call(...(args as [string]));
        },
      };
      const counted = redisStore(counting);
      const claim = makeClaim({ mark: "mark-counted" });
      for (const round of [1, 2]) {
        await counted.claim(claim);
        await counted.renew(claim);
        await counted.release(claim);
        await counted.commit({ ...claim, key: `${claim.key}-${round}` }, KEEP);
        if (round === 1) sent.length = 0;
      }
      expect(sent.map(([command]) => command)).toEqual(["EVALSHA", "EVALSHA", "EVALSHA", "EVALSHA"]);
    });

    it("keeps nothing without an end", async () => {
      const claim = makeClaim({ mark: "mark-ended" });
      await store.claim(claim);
      await store.renew(claim);
      await store.commit(claim, { key: 5000, mark: 7000 });
      expect(await client.pttl(nameOf(claim))).toBeGreaterThan(4000);
      expect(await client.pttl(nameOf({ ...claim, key: "mark-ended" }))).toBeGreaterThan(6000);
    });

    it("keeps its prefixes apart", async () => {
      const claim = makeClaim();
      await redisStore(client, { prefix: "one" }).claim(claim);
      expect(await redisStore(client, { prefix: "two" }).claim({ ...claim, token: "other" })).toMatchObject({ outcome: "claimed" });
    });

    it("understands a client that hands out bytes", async () => {
      const bytes = redisStore({ sendCommand: (args: string[]) => client.callBuffer(...(args as [string])) });
      const claim = makeClaim({ tag: "ä" });
      await bytes.claim(claim);
      await bytes.commit(claim, KEEP);
      expect(await bytes.claim(claim)).toEqual({ outcome: "duplicate", tag: "ä" });
    });

    it("checks that it may write: not as a reader, not on a replica", async () => {
      await store.check!();
      expect(await client.keys("countersign:*check*")).toEqual([]);
      await client.call("ACL", "SETUSER", "reader", "on", "nopass", "~*", "+@read", "+@connection", "+info", "+evalsha", "+eval");
      await client.call("ACL", "SETUSER", "nobody", "on", "nopass", "~*", "+@connection", "+info");
      for (const username of ["reader", "nobody"]) {
        const guest = new Redis({ port: server.port, host: "127.0.0.1", username, password: "any" });
        await expect(redisStore(guest).check!()).rejects.toThrow(
          /^client: this user may not run what redisStore does; allow it ~countersign:\*/,
        );
        guest.disconnect();
      }
      await client.call(
        "ACL",
        "SETUSER",
        "worker",
        "on",
        "nopass",
        "~countersign:*",
        ..."+eval +evalsha +get +set +pttl +pexpire +del +exists +info".split(" "),
      );
      const worker = new Redis({ port: server.port, host: "127.0.0.1", username: "worker", password: "any", enableReadyCheck: false });
      await redisStore(worker).check!();
      await client.call("ACL", "SETUSER", "worker", "-info"); // a server that does not tell what it evicts is taken at its best
      await redisStore(worker).check!();
      worker.disconnect();
      await client.replicaof("127.0.0.1", "1");
      await expect(store.check!()).rejects.toThrow(/^client: this connection may only read/);
      await expect(store.claim(makeClaim())).rejects.not.toThrow(ConfigurationError);
      await client.replicaof("NO", "ONE");
      await store.check!();
    });

    it("is refused by a replica in words that let ioredis connect anew", async () => {
      const moving = new Redis(server.port, "127.0.0.1", {
        retryStrategy: () => 20,
        reconnectOnError: (error) => error.message.startsWith("READONLY"),
      });
      await moving.ping();
      await client.replicaof("127.0.0.1", "1");
      const reconnecting = once(moving, "reconnecting");
      await expect(redisStore(moving).claim(makeClaim())).rejects.toThrow(/^READONLY/);
      await reconnecting;
      await client.replicaof("NO", "ONE");
      await once(moving, "ready");
      expect(await redisStore(moving).claim(makeClaim())).toMatchObject({ outcome: "claimed" });
      moving.disconnect();
    });

    it("checks that the server answers and does not evict", async () => {
      await store.check!();
      await client.config("SET", "maxmemory", "100mb", "maxmemory-policy", "volatile-lru");
      await expect(store.check!()).rejects.toThrow(/maxmemory-policy volatile-lru.*noeviction/);
      await client.config("SET", "maxmemory-policy", "noeviction");
      await store.check!();
      await client.config("SET", "maxmemory", "0");
    });
  });

const nodes = await Promise.all([1, 2, 3].map(() => startRedis(["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"])));

describe("redisStore on a cluster", async () => {
  const ports = nodes.flatMap((node) => ("missing" in node ? [] : [node.port]));
  if (ports.length < 3) {
    it.skip("works on a cluster (skipped: no redis-server)");
    return;
  }
  afterAll(() => Promise.all(nodes.map((node) => ("missing" in node ? undefined : node.stop()))));
  beforeAll(async () => {
    for (const [i, port] of ports.entries()) {
      const first = Math.ceil((i * 16_384) / 3);
      await tell(port, `CLUSTER ADDSLOTSRANGE ${first} ${Math.ceil(((i + 1) * 16_384) / 3) - 1}`);
      await tell(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    }
    for (const port of ports.slice(1)) await tell(port, `CLUSTER MEET 127.0.0.1 ${ports[0]}`);
    for (const port of ports) await untilFormed(port);
  });

  const clients: Record<string, () => Promise<{ client: RedisClient; close(): unknown }>> = {
    async redis() {
      const { createCluster } = await import("redis");
      const client = await createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) }).connect();
      return { client, close: () => client.destroy() };
    },
    async ioredis() {
      const { Cluster } = await import("ioredis");
      const client = new Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
      return { client, close: () => client.disconnect() };
    },
    async "valkey-glide"() {
      const { GlideClusterClient } = await import("@valkey/valkey-glide");
      const client = await GlideClusterClient.createClient({ addresses: ports.map((port) => ({ host: "127.0.0.1", port })) });
      return { client, close: () => client.close() };
    },
  };
  for (const [name, connect] of Object.entries(clients)) {
    it(`claims, commits and releases over ${name}, wherever the partition lies`, async () => {
      const { client, close } = await connect();
      try {
        const store = redisStore(client);
        for (let i = 0; i < 20; i++) {
          const claim = makeClaim({ partition: `${name}-${i}`, mark: `mark-${name}-${i}` });
          expect(await store.claim(claim)).toEqual({ outcome: "claimed", repeats: false });
          expect(await store.renew(claim)).toBe("ok");
          expect(await store.claim({ ...claim, key: `${claim.key}-2`, token: "other" })).toEqual({
            outcome: "claimed",
            repeats: "running",
          });
          await store.release({ ...claim, key: `${claim.key}-2`, token: "other" });
          expect(await store.commit(claim, KEEP)).toBe("ok");
          expect(await store.claim(claim)).toEqual({ outcome: "duplicate", tag: claim.tag });
        }
        await store.check!();
      } finally {
        close();
      }
    });
  }
});

/** Every node must know all slots. */
async function untilFormed(port: number): Promise<void> {
  for (let tries = 0; !(await tell(port, "CLUSTER INFO")).includes("cluster_state:ok"); tries++) {
    if (tries === 400) throw new Error("The cluster did not form within 20 s.");
    await pause(50);
  }
}
