import { ConfigurationError, type WebhookEvent } from "@countersign/core";
import { type EventSink, toHandler } from "@countersign/core/adapter";

/**
 * Checks what `webhook` was given, and makes a handler of it.
 * @throws ConfigurationError if it is neither a function nor a sink
 */
export function readHandler<E extends WebhookEvent, Rest extends readonly unknown[]>(
  handler: ((event: E, ...rest: Rest) => unknown) | EventSink<E>,
): (event: E, ...rest: Rest) => unknown {
  if (typeof handler !== "function" && typeof handler?.accept !== "function")
    throw new ConfigurationError("webhook.handler", "expected a function that takes the event, or a sink with accept(event, { signal })");
  return toHandler<E, Rest, unknown>(handler);
}
