import { afterAll, describe } from "vitest";
import { startRedis } from "../servers/start-redis.js";
import { driveCases } from "./drive-cases.js";
import { REDIS_CLIENTS, redisHarness } from "./redis-harness.js";

const server = await startRedis();

if ("missing" in server) describe.skip(`redisStore (skipped: ${server.missing})`);
else {
  afterAll(() => server.stop());
  for (const name of Object.keys(REDIS_CLIENTS)) driveCases(redisHarness(name, () => server));
}
