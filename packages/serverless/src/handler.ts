import type { Verifier, WebhookEvent } from "@countersign/core";
import { checkVerifier, type EventSink, toHandler } from "@countersign/core/adapter";

/**
 * Checks what `webhook` was given, and makes a handler of it.
 * @throws ConfigurationError if the first is no verifier, or the second neither a function nor a sink
 */
export function readHandler<E extends WebhookEvent, Rest extends readonly unknown[]>(
  verifier: Verifier<E>,
  handler: ((event: E, ...rest: Rest) => unknown) | EventSink<E>,
): (event: E, ...rest: Rest) => unknown {
  checkVerifier(verifier);
  return toHandler<E, Rest, unknown>(handler);
}
