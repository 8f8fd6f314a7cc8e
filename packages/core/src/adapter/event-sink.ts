import type { WebhookEvent } from "../event.js";
import { kindOf, unexpected } from "../unexpected.js";

/** Whatever takes accepted events, such as an inbox. Fulfils when the event is safe. */
export interface EventSink<E extends WebhookEvent = WebhookEvent> {
  accept(event: E, context: { readonly signal: AbortSignal }): Promise<unknown>;
}

/**
 * Makes a handler of what `webhook` was given. A sink answers nothing.
 * @throws ConfigurationError if it is neither a function nor a sink, or a generator function, which nobody would run
 */
export function toHandler<E extends WebhookEvent, Rest extends readonly unknown[], R>(
  handler: ((event: E, ...rest: Rest) => R) | EventSink<E>,
): (event: E, ...rest: Rest) => R | Promise<undefined> {
  if (typeof handler === "function") {
    if (/GeneratorFunction/.test(Object.prototype.toString.call(handler)))
      throw unexpected("webhook.handler", "a generator function, which does nothing when it is called", "an async function");
    return handler;
  }
  if (typeof handler?.accept !== "function")
    throw unexpected("webhook.handler", kindOf(handler), "a function that takes the event, or a sink with accept(event, { signal })");
  return async (event, ..._rest) => {
    await handler.accept(event, { signal: event.signal });
    return undefined;
  };
}
