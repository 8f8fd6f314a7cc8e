/**
 * Webhooks as a Middy middleware, for Middy 5 and later.
 *
 * @example
 * import middy from "@middy/core";
 * import { createVerifier, webhook } from "@countersign/serverless/middy";
 * import { stripe } from "@countersign/providers/stripe";
 *
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }) });
 * export const handler = middy()
 *   .use(webhook(verifier))
 *   .handler(async (request, context) => console.log(context.webhook.event.type));
 */
import type { AcceptedVerdict, Verifier, WebhookEvent } from "@countersign/core";
import type middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { LambdaHttpEvent } from "./lambda/event-shape.js";
import { toDelivery } from "./lambda/to-delivery.js";
import { complete, type LambdaHttpResult, statusOf, toResult } from "./lambda/to-result.js";

export { ConfigurationError, createVerifier, VerificationError, WebhookError, type WebhookEvent } from "@countersign/core";
export type { EventSink } from "@countersign/core/adapter";
export type { LambdaHttpEvent } from "./lambda/event-shape.js";

/** Lambda's context with the accepted event. */
export type WebhookContext<E extends WebhookEvent> = Context & { webhook: { readonly event: E } };

/** One invocation under way. */
interface Pending {
  readonly verdict: AcceptedVerdict;
  isOver: boolean;
}

/**
 * Makes a middleware: an accepted event is in `context.webhook.event`; everything else is answered early, and the handler never
 * runs. Use it first: then it sees the body before any parser, and the response and the errors after all others.
 *
 * After the handler, a response with `statusCode` decides: 2xx commits, anything else releases. For any other the provider's success
 * reply is sent. An error releases; where no other middleware made a response of it, or made a 2xx, 500 is sent.
 */
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
): middy.MiddlewareObj<LambdaHttpEvent, unknown, Error, WebhookContext<E>> {
  const underWay = new WeakMap<object, Pending>();
  return {
    async before(request) {
      const { event, context } = request;
      const verdict = await verifier.receive(toDelivery(event, context));
      if (verdict.outcome !== "accepted") return toResult(verdict.reply, event);
      const pending: Pending = { verdict, isOver: false };
      verdict.claim.onTimeout = () => {
        pending.isOver = true;
      };
      underWay.set(request, pending);
      context.webhook = { event: verdict.event };
      return undefined;
    },
    async after(request) {
      const pending = underWay.get(request);
      if (pending === undefined) return;
      const { claim, reply } = pending.verdict;
      const status = statusOf(request.response);
      if (status === undefined) {
        await claim.commit();
        request.response = toResult(reply, request.event);
        return;
      }
      await claim.conclude(status);
      request.response = complete(request.response as LambdaHttpResult, request.event);
    },
    async onError(request) {
      const pending = underWay.get(request);
      if (pending === undefined) return;
      // a handler whose time is over may still be at work: its lease runs out, and is not given back under it
      const reply = pending.isOver ? TIMED_OUT : await pending.verdict.claim.fail("HANDLER_FAILED", request.error);
      const status = statusOf(request.response);
      if (status === undefined || (status >= 200 && status < 300)) request.response = toResult(reply, request.event);
    },
  };
}

const TIMED_OUT = { status: 500, headers: {}, body: null };
