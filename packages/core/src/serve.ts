import type { Delivery } from "./delivery.js";
import type { WebhookEvent } from "./event.js";
import { type Reply, toProblem } from "./reply.js";
import type { Verdict } from "./verdict.js";

/** What a handler gets besides the event. */
export interface HandlerContext {
  /** Aborts when the lease is lost, or when the handler's time is over. */
  readonly signal: AbortSignal;
}

/** Whatever receives deliveries: a verifier. */
export interface Receiver<E extends WebhookEvent> {
  receive(delivery: Delivery): Promise<Verdict<E>>;
}

/** What to send: the handler's own answer, or a reply of ours (then `error` is what the handler threw, if it did). */
export type Served<A> =
  | { readonly reply: Reply; readonly error?: unknown; readonly answer?: undefined }
  | { readonly reply?: undefined; readonly answer: A };

const TIMED_OUT = Symbol("timed out");

/** Makes the signal when it is asked for. (A getter of an object literal would be a shape of its own, kept by the engine with all that it holds.) */
class Context implements HandlerContext {
  readonly #claim: HandlerContext;
  constructor(claim: HandlerContext) {
    this.#claim = claim;
  }
  get signal(): AbortSignal {
    return this.#claim.signal;
  }
}

/**
 * Runs a delivery from end to end where the handler's answer is a value: receive, the handler, commit or release.
 *
 * @param statusOf the status of an answer, or `undefined` if what the handler returned is none
 * @param silence what it means that there is no answer: the provider's success reply is sent, or nobody has replied who should have
 */
export async function serve<E extends WebhookEvent, A>(
  verifier: Receiver<E>,
  delivery: Delivery,
  handler: (event: E, context: HandlerContext) => A | Promise<A>,
  statusOf: (answer: A) => number | undefined,
  silence: "success" | "failure" = "success",
): Promise<Served<A>> {
  const verdict = await verifier.receive(delivery);
  if (verdict.outcome !== "accepted") return { reply: verdict.reply };
  const { event, claim, reply } = verdict;
  try {
    const answer = await new Promise<A | typeof TIMED_OUT>((resolve, reject) => {
      claim.onTimeout = () => resolve(TIMED_OUT);
      const working = handler(event, new Context(claim));
      if (working instanceof Promise) working.then(resolve, reject);
      else resolve(working);
    });
    if (answer === TIMED_OUT) return { reply: toProblem("HANDLER_TIMEOUT") };
    const status = statusOf(answer as A);
    if (status === undefined) {
      if (silence === "failure") return { reply: await claim.fail("NOBODY_REPLIED") };
      await claim.commit();
      return { reply };
    }
    await claim.conclude(status);
    return { answer: answer as A };
  } catch (error) {
    return { reply: await claim.fail("HANDLER_FAILED", error), error };
  }
}
