import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startPostgres } from "./start-postgres.js";
import { startRedis } from "./start-redis.js";

const empty = mkdtempSync(join(tmpdir(), "countersign-no-binaries-"));
afterAll(() => rmSync(empty, { recursive: true }));
beforeEach(() => vi.stubEnv("PATH", empty));
afterEach(() => vi.unstubAllEnvs());

describe.each([
  ["Redis", () => startRedis(), "no redis-server and no valkey-server on the PATH"],
  ["PostgreSQL", () => startPostgres([], [empty]), `no initdb and postgres on the PATH or in ${empty}`],
] as const)("a %s that is not there", (_, start, reason) => {
  it("is answered with its reason, for a test to skip with", async () => {
    vi.stubEnv("COUNTERSIGN_REQUIRE_SERVERS", "");
    expect(await start()).toEqual({ missing: reason });
  });

  it("fails loudly where servers are required", async () => {
    vi.stubEnv("COUNTERSIGN_REQUIRE_SERVERS", "1");
    await expect(start()).rejects.toThrow(`COUNTERSIGN_REQUIRE_SERVERS is set, and a server cannot be started: ${reason}`);
  });
});
