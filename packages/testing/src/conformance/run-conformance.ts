import type { ConformanceCase } from "./conformance-case.js";
import type { Form, Harness, Trait } from "./harness.js";
import { lacking, runCase, type SeenRefusals } from "./run-case.js";

/** How one case went. */
export type CaseResult =
  | { readonly name: string; readonly outcome: "passed" }
  | { readonly name: string; readonly outcome: "failed"; readonly error: unknown }
  | { readonly name: string; readonly outcome: "skipped"; readonly reason: string };

/** Cases that are under way at once. */
const AT_ONCE = 8;

/**
 * Runs all cases on one harness in one form, without a test runner, a few at a time.
 *
 * @param cases the list that the harness makes its stages of
 * @param onResult is told of each case when it has ended
 */
export async function runConformance(
  harness: Harness,
  form: Form,
  cases: readonly ConformanceCase[],
  onResult: (result: CaseResult) => void = () => {},
): Promise<readonly CaseResult[]> {
  const server = await harness.open(form);
  const refusals: SeenRefusals = new Map();
  const results: CaseResult[] = [];
  const queue = [...cases.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [position, one] = next;
      const result = await resultOf(one, () => runCase(one, position, { server, harness, form, refusals }), lacking(one, harness, form));
      results.push(result);
      onResult(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await server.close();
  }
  return results;
}

async function resultOf({ name }: ConformanceCase, run: () => Promise<void>, lacks: readonly Trait[]): Promise<CaseResult> {
  if (lacks.length > 0) return { name, outcome: "skipped", reason: `no ${lacks.join(", ")} here` };
  try {
    await run();
    return { name, outcome: "passed" };
  } catch (error) {
    return { name, outcome: "failed", error };
  }
}
