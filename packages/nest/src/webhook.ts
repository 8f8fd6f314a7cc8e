/**
 * The webhook route of NestJS, on Express and on Fastify: one decorator, which is a guard and an interceptor.
 *
 * The guard verifies and claims. Which outcome commits and which releases is decided by core's `serve`; its handler here is a promise,
 * settled by the response that is about to leave, which is held until then.
 */
import type { Reply, Verifier, WebhookEvent } from "@countersign/core";
import {
  checkVerifier,
  isBrokenOff,
  isSuccess,
  replyInstead,
  type Served,
  sendNodeReply,
  serve,
  toFailedStatus,
  toFirstDelivery,
} from "@countersign/core/adapter";
import { applyDecorators, type CanActivate, type NestInterceptor, UseGuards, UseInterceptors } from "@nestjs/common";
import { tap } from "rxjs";
import { holdResponse } from "./hold-response.js";
import { isGivenResponse, type Platform, toDelivery, toPlatform } from "./platform.js";

/** The events of a verifier, for the type of a parameter: `@Event() event: EventFrom<typeof verifier>`. */
export type EventFrom<V> = V extends Verifier<infer E> ? E : never;

/** An accepted delivery on its way through Nest. */
interface Visit {
  /** `left`: something outside has stopped waiting for the handler, which may still be at work. */
  handler: "waiting" | "running" | "fulfilled" | "failed" | "left";
  returned: unknown;
  /** Whether it has returned anything, be it nothing: an interceptor may stop waiting once it has that. */
  hasReturned: boolean;
  /** Whether it may answer by itself, also after it has returned. */
  readonly isGivenResponse: boolean;
  /** Fulfils when the handler has ended, or waits until its response has left: it would wait for ever, if the response waited for it. */
  readonly ended: Promise<void>;
  readonly end: () => void;
  /** Settles what `serve` waits for, by the status that is about to be sent; `undefined` where nothing was answered. */
  readonly answer: (status: number | undefined) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Makes a method, or all methods of a controller, webhook routes: what `verifier` refuses is answered and goes no further, neither to
 * the handler nor to exception filters.
 *
 * The handler succeeded if it fulfilled and the response is 2xx. If it returned nothing and sent nothing, the provider's success reply
 * is sent. If it, a pipe or a later guard throws, the claim is released and Nest's filters answer; a 2xx from there is replaced by 500.
 *
 * The app must keep raw bodies: `NestFactory.create(AppModule, { rawBody: true })`.
 *
 * @example
 * \@Post("webhooks/stripe")
 * \@Webhook(verifier)
 * async handle(@Event() event: WebhookEvent) {
 *   await fulfil(event.payload);
 * }
 */
export function Webhook<E extends WebhookEvent>(verifier: Verifier<E>): MethodDecorator & ClassDecorator {
  checkVerifier(verifier);
  const visits = new WeakMap<object, Visit>();

  const guard: CanActivate = {
    canActivate(context) {
      const platform = toPlatform(context);
      // a refused delivery is answered here, and the guard never ends: no filter may change the reply
      return new Promise((pass) => {
        const accept = (event: E): Promise<number | undefined> =>
          new Promise((answer, fail) => {
            const visit = createVisit(isGivenResponse(context), answer, fail);
            visits.set(platform.rawRequest, visit);
            platform.request.webhook = { event };
            platform.request.body = event.payload;
            letGo = holdUntilServed(platform, visit, () => served);
            pass(true);
          });
        let letGo = (): boolean => true;
        const delivery = toFirstDelivery(toDelivery(platform), platform.request.webhook);
        const served = serve<E, number | undefined>(verifier, delivery, accept, (status) => status);
        void served.then(({ reply, ...rest }) => {
          if (reply === undefined || "error" in rest || !letGo()) return;
          platform.hijack();
          if (platform.request.webhook === undefined) sendNodeReply(platform.rawRequest, platform.rawResponse, reply);
          else replyInstead(platform.rawRequest, platform.rawResponse, reply); // the handler has had its time
        });
      });
    },
  };

  const interceptor: NestInterceptor = {
    intercept(context, next) {
      const visit = visits.get(toPlatform(context).rawRequest);
      if (visit === undefined) throw new Error("@Webhook: its guard has not run");
      visit.handler = "running";
      return next.handle().pipe(
        tap({
          next: (value) => {
            visit.returned = value;
            visit.hasReturned = true;
          },
          complete: () => {
            visit.handler = "fulfilled";
          },
          error: (error) => {
            visit.handler = "failed";
            visit.fail(error);
          },
          unsubscribe: () => {
            visit.handler = visit.hasReturned ? "fulfilled" : "left";
          },
          finalize: visit.end,
        }),
      );
    },
  };
  return applyDecorators(UseGuards(guard), UseInterceptors(interceptor));
}

function createVisit(isGiven: boolean, answer: Visit["answer"], fail: Visit["fail"]): Visit {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { handler: "waiting", returned: undefined, hasReturned: false, isGivenResponse: isGiven, ended, end, answer, fail };
}

function holdUntilServed(
  { rawRequest, rawResponse }: Platform,
  visit: Visit,
  served: () => Promise<Served<number | undefined>>,
): () => boolean {
  rawResponse.on("close", () => {
    if (visit.handler !== "left" && isBrokenOff(rawRequest, rawResponse))
      visit.fail(new Error("the response was broken off before its end"));
  });
  const sendInstead = (reply: Reply): void => {
    for (const name of rawResponse.getHeaderNames()) rawResponse.removeHeader(name);
    replyInstead(rawRequest, rawResponse, reply);
  };
  const judge = async (status: number): Promise<(() => void) | undefined> => {
    const succeeds = isSuccess(status);
    const isOwn = visit.handler === "running";
    // it may still fail behind its answer, or must not run twice at once
    if (isOwn) await Promise.race([visit.ended, served()]);
    // the lease protects a handler that is still at work
    if (visit.handler === "left")
      return succeeds ? () => sendInstead({ status: toFailedStatus(status), headers: {}, body: null }) : undefined;
    if (succeeds && visit.handler === "waiting") visit.fail(new Error(`${status} was answered before the handler had run`));
    const isUnanswered = !isOwn && visit.handler === "fulfilled" && isNothing(visit.returned) && !visit.isGivenResponse;
    visit.answer(succeeds && isUnanswered ? undefined : status);
    const { reply } = await served();
    return reply === undefined || !succeeds ? undefined : () => sendInstead(reply);
  };
  rawResponse.on("newListener", (name) => {
    if (name !== "finish" && name !== "drain") return;
    if (visit.handler === "running") visit.end();
    // a stream never begins to run into a response whose sender has hung up
    else if (rawResponse.destroyed && visit.handler === "fulfilled" && !visit.isGivenResponse && !isNothing(visit.returned))
      void judge(rawResponse.statusCode);
  });
  return holdResponse(rawResponse, judge, visit.end);
}

/** What Nest answers with an empty body. */
const isNothing = (value: unknown): boolean => value === undefined || value === null;
