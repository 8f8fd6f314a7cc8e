import type { Delivery } from "../delivery.js";
import type { WebhookEvent } from "../event.js";
import { type Receiver, type Served, serve } from "../serve.js";

/**
 * Runs a delivery from end to end where others answer: receive, what follows the middleware, commit or release by its outcome.
 *
 * @param next passes the event on, and fulfils with the status that is to be sent, or with `undefined` if nobody has replied
 */
export function serveNext<E extends WebhookEvent>(
  verifier: Receiver<E>,
  delivery: Delivery,
  next: (event: E) => Promise<number | undefined>,
): Promise<Served<number | undefined>> {
  return serve(verifier, delivery, next, (status) => status, "failure");
}

/** Makes an error of what was thrown, for frameworks to which a string or `undefined` means something else. */
export function toError(thrown: unknown): object {
  return typeof thrown === "object" && thrown !== null ? thrown : new Error("the handler threw what is no Error", { cause: thrown });
}
