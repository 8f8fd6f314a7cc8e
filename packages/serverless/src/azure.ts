/**
 * Webhooks as HTTP functions of Azure Functions v4.
 *
 * @example
 * import { app } from "@azure/functions";
 * import { createVerifier, webhook } from "@countersign/serverless/azure";
 * import { stripe } from "@countersign/providers/stripe";
 *
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }), trustedProxies: { hops: 1 } });
 * app.http("stripe", { methods: ["POST"], authLevel: "anonymous", handler: webhook(verifier, async (event) => console.log(event.type)) });
 */
import type { HttpRequest, HttpResponse, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { Reply, Verifier, WebhookEvent } from "@countersign/core";
import { type EventSink, serve, toRefusedDelivery } from "@countersign/core/adapter";
import { isRequest } from "./advise-request.js";
import { readHandler } from "./handler.js";
import { createReader, type Origin } from "./origin.js";
import { toStatus } from "./status.js";

export {
  ConfigurationError,
  createVerifier,
  VerificationError,
  type Verifier,
  type VerifierOptions,
  WebhookError,
  type WebhookEvent,
} from "@countersign/core";
export type { EventSink, RequestOrigin } from "@countersign/core/adapter";
export type { Origin } from "./origin.js";

/**
 * Makes the handler of an HTTP function. It answers always, and never rejects.
 *
 * An object with a numeric `status` that the handler returns is its answer: 2xx commits, before it leaves; anything else releases,
 * and a number that is no status is a failure.
 * Other returned values are ignored, and the provider's success reply is sent. A throw releases and answers 500.
 *
 * Azure's front end ends TLS and tells of the client in `X-Forwarded-For` and `X-Forwarded-Proto` alone: give the verifier
 * `trustedProxies: { hops: 1 }`, one more for each proxy of yours in front.
 *
 * @param handler takes the event, the request (its body is read: see `event.rawBody`) and the invocation's context
 * @param origin the client's address and protocol, where something else than those headers knows them
 * @throws ConfigurationError
 */
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler: ((event: E, request: HttpRequest, context: InvocationContext) => unknown) | EventSink<E>,
  origin?: Origin<HttpRequest, [context: InvocationContext]>,
): (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit | HttpResponse> {
  const run = readHandler<E, [HttpRequest, InvocationContext]>(verifier, handler);
  const toDelivery = createReader(origin);
  return async function webhookFunction(request, context) {
    const delivery = isRequest(request) ? toDelivery(request, [context]) : toRefusedDelivery("MISCONFIGURED", NO_REQUEST);
    const served = await serve(verifier, delivery, (event) => run(event, request, context), statusOf);
    return served.reply === undefined ? (served.answer as HttpResponseInit) : toResponseInit(served.reply);
  };
}

const NO_REQUEST =
  "what was passed first is no HttpRequest of the v4 programming model; register the function by app.http(name, { handler: webhook(...) }), and not as one of the v3 model or for another trigger";

function statusOf(answer: unknown): number | undefined {
  const status = typeof answer === "object" && answer !== null && "status" in answer ? answer.status : undefined;
  // Azure takes digits for the number that they are
  if (typeof status === "string" && /^\d+$/.test(status)) return toStatus(Number(status), "status");
  return typeof status === "number" ? toStatus(status, "status") : undefined;
}

function toResponseInit({ status, headers, body }: Reply): HttpResponseInit {
  return { status, headers: { ...headers }, ...(body !== null && { body }) };
}
