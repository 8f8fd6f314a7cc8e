/** The store suite: what every claim store does, as data. A test runner, or a bare loop, drives it. */

import { claimCases } from "./claim-cases.js";
import { commitCases } from "./commit-cases.js";
import { faultCases } from "./fault-cases.js";
import { leaseCases } from "./lease-cases.js";
import { markCases } from "./mark-cases.js";
import { raceCases } from "./race-cases.js";
import type { StoreCase } from "./store-case.js";

export type { StoreCase, StoreFaults, StoreHarness, StoreSession, StoreTrait } from "./store-case.js";

/**
 * All cases.
 *
 * @example
 * for (const { name, needs = [], run } of storeCases) {
 *   if (needs.some((trait) => !harness.traits.includes(trait))) continue;
 *   const session = await harness.open(needs);
 *   await run(session).finally(() => session.close());
 *   console.log(name);
 * }
 */
export const storeCases: readonly StoreCase[] = [...claimCases, ...leaseCases, ...markCases, ...commitCases, ...raceCases, ...faultCases];
