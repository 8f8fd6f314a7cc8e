/**
 * Webhooks as HTTP functions of Google Cloud Functions and Cloud Run functions, by the Functions Framework.
 *
 * @example
 * import { http } from "@google-cloud/functions-framework";
 * import { createVerifier, webhook } from "@countersign/serverless/gcf";
 * import { stripe } from "@countersign/providers/stripe";
 *
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }), trustedProxies: { hops: 1 } });
 * http("stripe", webhook(verifier, async (event) => console.log(event.type)));
 */
import { ConfigurationError, type Verifier, type WebhookEvent } from "@countersign/core";
import { type EventSink, fromNodeRequest, replyInstead, serveHeld, toRefusedDelivery } from "@countersign/core/adapter";
import type { Request, Response } from "@google-cloud/functions-framework";
import { readHandler } from "./handler.js";

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

/**
 * Makes an HTTP function. It answers always, and never rejects. Registered for events (`cloudEvent`) it has nobody to answer, and
 * rejects, so that the framework acknowledges nothing.
 *
 * What the handler does to `res` is its answer; the response's end is held until the handler has ended and the claim is settled:
 * 2xx commits, anything else releases. One that declares no `res`, or returns a promise, ends when it returns or fulfils; any other,
 * when it ends the response. A handler that answers nothing gets the provider's success reply sent. A throw releases and answers 500,
 * even after an `end`.
 *
 * The body is the framework's `req.rawBody`. Google's front end tells of the client in `X-Forwarded-For` and `X-Forwarded-Proto`:
 * give the verifier `trustedProxies: { hops: 1 }`, one more for a load balancer of yours.
 *
 * @param handler takes the event, the request and the response
 * @throws ConfigurationError
 */
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler: ((event: E, req: Request, res: Response) => unknown) | EventSink<E>,
): (req: Request, res: Response) => Promise<void> {
  const run = readHandler<E, [Request, Response]>(verifier, handler);
  return async function webhookFunction(req, res) {
    if (typeof (res as Partial<Response> | undefined)?.setHeader !== "function") {
      await verifier.receive(toRefusedDelivery("MISCONFIGURED", NO_REQUEST));
      throw new ConfigurationError("webhook", NO_REQUEST);
    }
    const failed = await serveHeld(verifier, fromNodeRequest(req), run, req, res);
    if (failed !== undefined) replyInstead(req, res, failed.reply);
  };
}

const NO_REQUEST = "the function was called for an event, and not with a request and its response; register it by http(name, webhook(...))";
