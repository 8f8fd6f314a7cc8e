import { conformanceCases, type Harness, lacking, runCase, type SeenRefusals, type Server } from "@countersign/testing/conformance";
import { afterAll, beforeAll, describe, it } from "vitest";

/** Declares one test per case and form; what the harness lacks is a skip that says so. */
export function driveHarness(harness: Harness): void {
  describe.each(harness.forms)(`${harness.name}, %s`, (form) => {
    let server: Server;
    const refusals: SeenRefusals = new Map();
    beforeAll(async () => {
      server = await harness.open(form);
    });
    afterAll(() => server?.close());

    for (const [position, one] of conformanceCases.entries()) {
      const lacks = lacking(one, harness, form);
      const name = lacks.length > 0 ? `${one.name} (skipped: no ${lacks.join(", ")} here)` : one.name;
      (lacks.length > 0 ? it.skip : it.concurrent)(name, () => runCase(one, position, { server, harness, form, refusals }));
    }
  });
}
