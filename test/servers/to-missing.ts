import type { MissingServer } from "./start-server.js";

/**
 * Answers that there is no server to be had, and why.
 *
 * @throws {Error} where COUNTERSIGN_REQUIRE_SERVERS is set: a skip would pass for a test that ran
 */
export function toMissing(reason: string): MissingServer {
  const isRequired = (process.env.COUNTERSIGN_REQUIRE_SERVERS ?? "") !== "";
  if (isRequired) throw new Error(`COUNTERSIGN_REQUIRE_SERVERS is set, and a server cannot be started: ${reason}`);
  return { missing: reason };
}
