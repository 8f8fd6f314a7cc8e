/**
 * Webhooks on AWS Lambda, behind API Gateway (REST and HTTP), a Function URL or an Application Load Balancer; the event tells which.
 *
 * @example
 * import { createVerifier, webhook } from "@countersign/serverless/lambda";
 * import { stripe } from "@countersign/providers/stripe";
 *
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }) });
 * export const handler = webhook(verifier, async (event) => console.log(event.type));
 */
import type { Verifier, WebhookEvent } from "@countersign/core";
import { type EventSink, serve } from "@countersign/core/adapter";
import type { Context } from "aws-lambda";
import { readHandler } from "./handler.js";
import { holdLoop } from "./hold-loop.js";
import type { LambdaHttpEvent } from "./lambda/event-shape.js";
import { remainingTime } from "./lambda/remaining-time.js";
import { toDelivery } from "./lambda/to-delivery.js";
import { type LambdaHttpResult, toAnswer, toResult } from "./lambda/to-result.js";

export {
  ConfigurationError,
  createVerifier,
  VerificationError,
  type Verifier,
  type VerifierOptions,
  WebhookError,
  type WebhookEvent,
} from "@countersign/core";
export type { EventSink } from "@countersign/core/adapter";
export type { LambdaHttpEvent } from "./lambda/event-shape.js";
export type { LambdaHttpResult } from "./lambda/to-result.js";

/**
 * Makes a Lambda handler. It answers always, and never rejects.
 *
 * An object with `statusCode` that the handler returns is its answer: 2xx commits, before it leaves; anything else releases, and a
 * `statusCode` that is none is a failure. Other returned values are ignored, and the provider's success reply is sent. A throw
 * releases and answers 500.
 *
 * The invocation's remaining time bounds the handler and the lease: half a second before the end the handler's signal aborts and a
 * 500 is sent; just after it the lease ends, and the provider's retry runs the handler again.
 *
 * @param handler takes the event, then Lambda's own event (of the type that it declares) and context
 * @throws ConfigurationError
 */
export function webhook<E extends WebhookEvent, R extends LambdaHttpEvent = LambdaHttpEvent>(
  verifier: Verifier<E>,
  handler: ((event: E, request: R, context: Context) => unknown) | EventSink<E>,
): (request: R, context: Context) => Promise<LambdaHttpResult> {
  const run = readHandler<E, [R, Context]>(verifier, handler);
  return async function webhookHandler(request, context) {
    const letGo = holdLoop(remainingTime(context));
    try {
      const handled = async (event: E): Promise<LambdaHttpResult | undefined> => toAnswer(await run(event, request, context), request);
      const served = await serve(verifier, toDelivery(request, context), handled, (answer) => answer?.statusCode);
      return served.reply === undefined ? (served.answer as LambdaHttpResult) : toResult(served.reply, request);
    } finally {
      letGo();
    }
  };
}
