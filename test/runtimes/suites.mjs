// Drives the conformance suite over real sockets, and the store suite inside a runtime.
import { execFileSync } from "node:child_process";
import { conformanceCases, runConformance } from "@countersign/testing/conformance";
import { HERE, openD1Worker } from "./runtimes.mjs";

/** Runs every case in every form. A case that the runtime settles before we are asked is a skip with the harness's reason. */
export async function runHarness(harness, results) {
  const { runtime, adapter: suite, forms, settles = {} } = harness;
  for (const name of Object.keys(settles))
    if (!conformanceCases.some((one) => one.name === name)) throw new Error(`${harness.name}: no such case: ${name}`);
  const needs = new Map(conformanceCases.map((one) => [one.name, one.needs ?? []]));
  for (const form of forms) {
    // a trait that no case and no harness has stands for "not here", so that positions stay as the server counts them
    const cases = conformanceCases.map((one) => (one.name in settles ? { ...one, needs: [...(one.needs ?? []), "settled"] } : one));
    for (const { name, outcome, error, reason } of await runConformance(harness, form, cases)) {
      const lacks = needs.get(name).filter((trait) => !harness.traits.includes(trait));
      const why = lacks.length > 0 ? reason : settles[name];
      results.add({
        runtime,
        suite,
        form,
        name,
        outcome,
        needs: needs.get(name),
        lacks,
        reason: outcome === "failed" ? (error?.message ?? String(error)) : why,
      });
    }
  }
  results.line(runtime, suite);
}

/** Runs the store suite in one process of the runtime. */
export async function runStores({ name: runtime, program, args }, results) {
  let output = "";
  try {
    output = execFileSync(program, args, { cwd: HERE, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 120_000 });
  } catch (error) {
    results.add({ runtime, suite: "stores", name: "the store suite runs", outcome: "failed", reason: error.message });
  }
  const suites = new Set();
  for (const line of output.split("\n").filter((one) => one.startsWith("{"))) {
    const result = JSON.parse(line);
    suites.add(result.suite);
    results.add({ runtime, ...result });
  }
  for (const suite of suites) results.line(runtime, suite);
}

/** Runs the store suite on D1, in Workers. */
export async function runD1(results) {
  const runtime = "workerd";
  const { origin, close } = await openD1Worker();
  try {
    for (let number = 0; ; number++) {
      // workerd may reset a connection that is used again after a long case
      const headers = { connection: "close" };
      const response = await fetch(`${origin}/?case=${number}`, { headers, signal: AbortSignal.timeout(60_000) });
      if (response.status === 404) break;
      if (!response.ok) throw new Error(await response.text());
      results.add({ runtime, ...(await response.json()) });
    }
  } catch (error) {
    results.add({ runtime, suite: "D1", name: "the store suite runs", outcome: "failed", reason: `${error.stack}\n${error.cause?.stack}` });
  } finally {
    await close();
  }
  results.line(runtime, "D1");
}
