import type { Delivery } from "../delivery.js";
import type { WebhookEvent } from "../event.js";
import { toProblem } from "../reply.js";
import type { Served } from "../serve.js";
import type { Verifier } from "../verifier.js";

const TIMED_OUT = Symbol("timed out");

/**
 * Runs a delivery from end to end where others answer: receive, what follows the middleware, commit or release by its outcome.
 *
 * @param next passes the event on, and fulfils with the status that is to be sent, or with `undefined` if nobody has replied
 */
export async function serveNext<E extends WebhookEvent>(
  verifier: Verifier<E>,
  delivery: Delivery,
  next: (event: E) => Promise<number | undefined>,
): Promise<Served<undefined>> {
  const verdict = await verifier.receive(delivery);
  if (verdict.outcome !== "accepted") return { reply: verdict.reply };
  const { event, claim } = verdict;
  const timedOut = new Promise<typeof TIMED_OUT>((resolve) => {
    claim.onTimeout = () => resolve(TIMED_OUT);
  });
  try {
    const status = await Promise.race([next(event), timedOut]);
    if (status === TIMED_OUT) return { reply: toProblem("HANDLER_TIMEOUT") };
    if (status === undefined) return { reply: await claim.fail("NOBODY_REPLIED") };
    await claim.conclude(status);
    return { answer: undefined };
  } catch (error) {
    return { reply: await claim.fail("HANDLER_FAILED", error), error };
  }
}

/** Makes an error of what was thrown, for frameworks to which a string or `undefined` means something else. */
export function toError(thrown: unknown): object {
  return typeof thrown === "object" && thrown !== null ? thrown : new Error("the handler threw what is no Error", { cause: thrown });
}
