/** Drives the store suite with vitest. */

import { type StoreHarness, storeCases } from "@countersign/testing/stores";
import { describe, it } from "vitest";

/** Declares one test per case; what the harness lacks is a skip that says so. */
export function driveCases(harness: StoreHarness): void {
  describe(harness.name, () => {
    for (const { name, needs = [], run } of storeCases) {
      const lacks = needs.filter((trait) => !harness.traits.includes(trait));
      it.skipIf(lacks.length > 0)(lacks.length > 0 ? `${name} (skipped: no ${lacks.join(", ")} here)` : name, async () => {
        const session = await harness.open(needs);
        try {
          await run(session);
        } finally {
          await session.close();
        }
      });
    }
  });
}
