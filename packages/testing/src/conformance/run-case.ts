/** Runs one case, and checks afterwards what must hold whatever was sent. */
import type { ConformanceCase } from "./conformance-case.js";
import { check, equal } from "./expect.js";
import type { Form, Harness, RawResponse, Report, Server, Trait } from "./harness.js";
import { SECRETS } from "./providers.js";
import { deliveriesOf, openSession } from "./session.js";
import { pathOf } from "./stage.js";

/** Refusals seen so far of one server, by status: all must be one. */
export type SeenRefusals = Map<number, string>;

/** What a harness lacks for a case. */
export function lacking({ needs = [] }: ConformanceCase, { traits, without }: Harness, form: Form): readonly Trait[] {
  return needs.filter((trait) => !traits.includes(trait) || without?.[form]?.includes(trait));
}

/** Runs the case at a position of the list that the server's stages were made of. @throws Error if something does not hold */
export async function runCase(
  one: ConformanceCase,
  position: number,
  { server, harness, form, refusals }: { server: Server; harness: Harness; form: Form; refusals: SeenRefusals },
): Promise<void> {
  const path = pathOf(position);
  const { session, evidence } = openSession(server, form, harness.traits, path);
  await one.run(session);
  const report = await server.control(path, { do: "report" });
  checkSuccesses(report, evidence.responses);
  checkRefusals(evidence.responses, refusals);
  for (const secret of [...SECRETS, ...evidence.secrets]) {
    check(!report.shown.includes(secret), "a secret or a signature is shown in a record or a log");
    for (const { headers, body } of evidence.responses)
      check(!JSON.stringify([headers, body]).includes(secret), "a secret or a signature is shown in a reply");
  }
}

/** No 2xx without a handler that succeeded, a duplicate of one, or an answered handshake. */
function checkSuccesses(report: Report, responses: readonly RawResponse[]): void {
  const isGood = ({ status = 0 }: { status?: number | undefined }): boolean => status >= 200 && status < 300;
  const told = deliveriesOf(report).filter(isGood);
  const got = responses.filter(isGood).length;
  check(got <= told.length, `${got} replies were 2xx, and only ${told.length} deliveries were recorded so`);
  const handled = told.filter(({ outcome }) => outcome === "accepted").length;
  check(handled <= report.ended, `${handled} deliveries were recorded as handled, and only ${report.ended} runs had ended`);
}

const OWN = new Set(["content-type", "cache-control", "content-length"]);

/** A sender learns nothing about which check it failed. */
function checkRefusals(responses: readonly RawResponse[], refusals: SeenRefusals): void {
  for (const { status, headers, body } of responses) {
    if (status !== 401 && status !== 403) continue;
    const own = headers.filter(([name]) => OWN.has(name)).sort();
    const text = JSON.stringify([own, body]);
    equal(text, refusals.get(status) ?? text, `reply with status ${status}`);
    refusals.set(status, text);
  }
}
