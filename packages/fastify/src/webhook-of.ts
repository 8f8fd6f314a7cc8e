import type { WebhookEvent } from "@countersign/core";
import type {
  FastifyBaseLogger,
  FastifyRequest,
  FastifySchema,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerBase,
} from "fastify";

export type Incoming<Server extends RawServerBase> = RawRequestDefaultExpression<Server>;
export type Outgoing<Server extends RawServerBase> = RawReplyDefaultExpression<Server>;

/** What the middleware form makes known of its route: `request.body` is the payload, and `webhookOf` finds the event's type here. */
export interface WebhookRoute<E extends WebhookEvent> {
  Body: E["payload"];
  Webhook: E;
}

/**
 * Tells what `webhook(verifier)` has accepted. It is `request.webhook` with its type: an augmentation of `FastifyRequest` would give
 * it to every route of an app, and an untyped one at that.
 *
 * @throws Error on a route without `webhook(verifier)`
 * @example
 * app.post("/webhooks/stripe", webhook(verifier), async (request) => {
 *   const { event } = webhookOf(request);
 * });
 */
export function webhookOf<
  Route extends WebhookRoute<WebhookEvent>,
  Server extends RawServerBase,
  Schema extends FastifySchema,
  Types extends FastifyTypeProvider,
  Config,
  Logger extends FastifyBaseLogger,
>(request: FastifyRequest<Route, Server, Incoming<Server>, Schema, Types, Config, Logger>): { readonly event: Route["Webhook"] } {
  const { webhook: found } = request as { webhook?: { readonly event: Route["Webhook"] } };
  if (found === undefined) throw new Error("webhookOf: no webhook was accepted on this route; give it webhook(verifier) as its options");
  return found;
}
