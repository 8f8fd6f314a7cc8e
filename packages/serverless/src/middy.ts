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
import { type AcceptedVerdict, ConfigurationError, type Reply, type Verifier, type WebhookEvent } from "@countersign/core";
import { checkVerifier, isSuccess, toFirstDelivery } from "@countersign/core/adapter";
import type middy from "@middy/core";
import type { Context } from "aws-lambda";
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

/** Lambda's context with the accepted event. */
export type WebhookContext<E extends WebhookEvent> = Context & { webhook: { readonly event: E } };

/** One invocation under way. */
interface Pending {
  readonly verdict: AcceptedVerdict;
  /** As Lambda sent it, and so of the shape that the response must have: a parser may put its own in its place. */
  readonly event: unknown;
  /** Lets go of the event loop. */
  letGo(): void;
  /** The handler has had its time. */
  isOver: boolean;
}

/** What of Middy's request is needed here. */
interface MiddyRequest {
  readonly error: unknown;
  response: unknown;
}

/** What was accepted for Middy's requests, by whichever webhook. The context may be another invocation's too, where a test keeps one. */
const accepted = new WeakMap<object, WebhookContext<WebhookEvent>["webhook"]>();

/**
 * Makes a middleware: an accepted event is in `context.webhook.event`; everything else is answered early, and the handler never
 * runs. Use it first: then it sees the body before any parser, and the response and the errors after all others.
 *
 * After the handler, a response with `statusCode` decides: 2xx commits, anything else releases, a `statusCode` that is none too. For
 * any other the provider's success reply is sent; where the handler returned nothing, the other middlewares find that already. An
 * error releases; where no other middleware made a response of it, or made a 2xx, 500 is sent.
 *
 * @param handler belongs to Middy: one given here is refused
 * @throws ConfigurationError
 */
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler?: never,
): middy.MiddlewareObj<LambdaHttpEvent, unknown, Error, WebhookContext<E>> {
  checkVerifier(verifier);
  if (handler !== undefined)
    throw new ConfigurationError(
      "webhook.handler",
      "under Middy the webhook is a middleware, and runs no handler; write middy().use(webhook(verifier)).handler(async (request, context) => ...), with the event in context.webhook.event",
    );
  const underWay = new WeakMap<object, Pending>();
  return {
    async before(request) {
      const { event, context } = request;
      const left = remainingTime(context);
      const letGo = holdLoop(left);
      const verdict = await verifier.receive(toFirstDelivery(toDelivery(event, context), accepted.get(request)));
      if (verdict.outcome !== "accepted") {
        letGo();
        return toResult(verdict.reply, event);
      }
      const pending: Pending = { verdict, event, letGo, isOver: false };
      verdict.claim.onTimeout = () => {
        pending.isOver = true;
        // until the platform's own end, where it has one: Middy may still wait for the handler
        if (left === undefined) letGo();
      };
      underWay.set(request, pending);
      answerSilence(request, toResult(verdict.reply, event));
      context.webhook = { event: verdict.event };
      accepted.set(request, context.webhook);
      return undefined;
    },
    async after(request) {
      const pending = underWay.get(request);
      if (pending === undefined) return;
      request.response = await settle(pending, request.response);
      pending.letGo();
    },
    async onError(request) {
      const pending = underWay.get(request);
      if (pending === undefined) return;
      const reply = await fail(pending, request.error);
      request.response = toFailure(request.response, pending.event) ?? toResult(reply, pending.event);
      pending.letGo();
    },
  };
}

/** Settles by the response as all others have left it, and answers what to send. */
async function settle(pending: Pending, response: unknown): Promise<LambdaHttpResult> {
  const { event } = pending;
  const { claim, reply } = pending.verdict;
  if (pending.isOver) return toResult(TIMED_OUT, event);
  try {
    const answer = toAnswer(response, event);
    if (answer !== undefined) {
      await claim.conclude(answer.statusCode);
      return answer;
    }
    await claim.commit();
    return toResult(reply, event);
  } catch (error) {
    return toResult(await fail(pending, error), event);
  }
}

/** A handler whose time is over may still be at work: its lease runs out, and is not given back under it. */
async function fail({ verdict, isOver }: Pending, error: unknown): Promise<Reply> {
  return isOver ? TIMED_OUT : verdict.claim.fail("HANDLER_FAILED", error);
}

const TIMED_OUT: Reply = { status: 500, headers: {}, body: null };

/** What another middleware made of an error, unless it is a success, or nothing that can be sent. */
function toFailure(response: unknown, event: unknown): LambdaHttpResult | undefined {
  try {
    const answer = toAnswer(response, event);
    return answer === undefined || isSuccess(answer.statusCode) ? undefined : answer;
  } catch {
    return undefined;
  }
}

/**
 * Lets other middlewares find the provider's success reply where the handler returned nothing: of nothing Middy's own for HTTP
 * (http-cors and its like) make a 500, which nobody could tell from a handler's own.
 */
function answerSilence(request: MiddyRequest, success: LambdaHttpResult): void {
  let response = request.response;
  let hasReturned = false;
  Object.defineProperty(request, "response", {
    configurable: true,
    enumerable: true,
    get() {
      // Middy empties the response before it tells of an error, and an early answer may be nothing on purpose
      const isSilent = hasReturned && response === undefined && (request.error ?? undefined) === undefined;
      return isSilent && !("earlyResponse" in request) ? success : response;
    },
    set(value: unknown) {
      hasReturned = true;
      response = value;
    },
  });
}
