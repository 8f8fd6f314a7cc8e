/** Runs one case of the store suite, in whatever runtime this is. */
import type { StoreCase, StoreHarness } from "@countersign/testing/stores";

/** How a case went. */
export interface StoreResult {
  readonly suite: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly reason?: string | undefined;
}

/** What the harness lacks is a skip that says so. */
export async function runStoreCase(harness: StoreHarness, { name, needs = [], run }: StoreCase): Promise<StoreResult> {
  const lacks = needs.filter((trait) => !harness.traits.includes(trait));
  const suite = harness.name;
  if (lacks.length > 0) return { suite, name, outcome: "skipped", reason: `no ${lacks.join(", ")} here` };
  const session = await harness.open(needs);
  try {
    await run(session);
    return { suite, name, outcome: "passed" };
  } catch (error) {
    return { suite, name, outcome: "failed", reason: (error as Error).message };
  } finally {
    await session.close();
  }
}
