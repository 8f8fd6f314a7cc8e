/**
 * The webhook route of Fastify 4 and 5, as route options: they stay on their route, and sibling routes keep their parsers.
 *
 * The bytes are read in `preParsing`, before any content-type parser. Which outcome commits and which releases is decided by core's
 * `serve`; here its handler is a promise that the route's later hooks settle.
 */
import type { Delivery, Verifier, WebhookEvent } from "@countersign/core";
import {
  checkVerifier,
  type EventSink,
  isSuccess,
  replyInstead,
  type Served,
  sendNodeReply,
  serve,
  toHandler,
} from "@countersign/core/adapter";
import type {
  ContextConfigDefault,
  FastifyBaseLogger,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  FastifyTypeProviderDefault,
  RawServerBase,
  RawServerDefault,
  RouteShorthandOptions,
} from "fastify";
import { bearFailure, insteadOfSuccess, isResponse, replaceAnswer, statusOf, toFailedReply } from "./answer.js";
import { hideBody } from "./hide-body.js";
import { createRun, judge, judgeByResponse, type Visit, visitOf, watchReply } from "./visit.js";
import type { Incoming, Outgoing, WebhookRoute } from "./webhook-of.js";

/** What takes an accepted event: a function of event, request and reply, or a sink. */
export type WebhookHandler<E extends WebhookEvent> = ((event: E, request: FastifyRequest, reply: FastifyReply) => unknown) | EventSink<E>;

/**
 * The options of a whole route, its hooks included. A `RouteShorthandOptionsWithHandler` of any app: one with its own server, logger or
 * type provider takes no other's, and would not infer its own here.
 */
export interface WholeRoute {
  handler(request: object, reply: object): Promise<unknown>;
}

/**
 * Makes the options of a webhook route. With a handler they are the whole route; without one they pass an accepted delivery on
 * (`request.webhook`, and its payload as `request.body`) and judge the outcome by the response.
 *
 * The handler succeeded if it fulfilled and what it sent through `reply` is 2xx; that leaves when it has ended. What it returns is
 * ignored, unless it is a `Response`: if it sent nothing and set no status, the provider's success reply is sent. If it throws, the
 * claim is released and Fastify's error handling goes on.
 *
 * @example
 * app.post("/webhooks/stripe", webhook(verifier, async (event) => {
 *   await fulfil(event.payload);
 * }));
 */
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>, handler: WebhookHandler<E>): WholeRoute;
export function webhook<
  E extends WebhookEvent,
  Server extends RawServerBase = RawServerDefault,
  Logger extends FastifyBaseLogger = FastifyBaseLogger,
>(
  verifier: Verifier<E>,
): RouteShorthandOptions<
  Server,
  Incoming<Server>,
  Outgoing<Server>,
  WebhookRoute<E>,
  ContextConfigDefault,
  FastifySchema,
  FastifyTypeProviderDefault,
  Logger
>;
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>, handler?: WebhookHandler<E>): unknown {
  checkVerifier(verifier);
  const handle = handler === undefined ? undefined : toHandler<E, [FastifyRequest, FastifyReply], unknown>(handler);
  const hooks = {
    onRequest(request, _reply, done) {
      visitOf(request); // now, since the peer's address may be gone later
      done();
    },
    preParsing(request, reply, payload, done) {
      const visit = visitOf(request);
      const accept = (event: E): Promise<number | undefined> =>
        new Promise((conclude, fail) => {
          visit.event = event;
          visit.conclude = conclude;
          visit.fail = fail;
          visit.restoreHeaders = hideBody(request);
          if (handle !== undefined) visit.run = createRun();
          (request as { webhook?: unknown }).webhook = { event };
          request.body = event.payload;
          watchReply(request, reply, visit);
          done(null, payload);
        });
      // a hook of the app's, before this one, may hand over another stream
      const isOwn = (payload as unknown) === request.raw;
      const delivery = isOwn ? visit.delivery : { ...visit.delivery, body: payload as unknown as Delivery["body"] };
      visit.served = serve<E, number | undefined>(verifier, delivery, accept, (status) => status) as Promise<Served<number>>;
      void visit.served.then((served) => {
        // Fastify answers what was thrown, unless the reply was taken from it
        if (served.reply === undefined || ("error" in served && !reply.sent)) return;
        if (!reply.sent && !reply.raw.headersSent) {
          reply.hijack(); // no hook of the app may change what the provider is told
          sendNodeReply(request.raw, reply.raw, served.reply);
        } else if (visit.event !== undefined && !isSuccess(served.reply.status) && !reply.raw.writableEnded) {
          replyInstead(request.raw, reply.raw, served.reply); // the handler took the response, and has had its time
        }
      });
    },
    preValidation(request, _reply, done) {
      const visit = visitOf(request);
      visit.restoreHeaders?.();
      done(visit.event === undefined ? unverified(visit) : undefined);
    },
    async onError(request, _reply, error) {
      const visit = visitOf(request);
      const { run, fail, served, answer } = visit;
      if (run?.state === "at work") {
        run.failure = { error }; // its end decides
        return;
      }
      fail?.(error);
      visit.answer = "held"; // Fastify fails on what is sent meanwhile
      await served;
      visit.answer = answer;
    },
    onSend(request, reply, payload, done) {
      const visit = visitOf(request);
      const { run, event, isUnverified } = visit;
      const status = statusOf(reply, payload);
      if (event === undefined) {
        const isFalse = isUnverified && isSuccess(status);
        return done(null, isFalse ? replaceAnswer(reply, payload, toFailedReply(status)) : payload);
      }
      if (visit.answer === "held" || (visit.answer === "gone" && reply.raw.headersSent)) return; // nothing is sent twice
      if (run?.state === "at work" && run.failure !== undefined && !isSuccess(status)) return done(null, payload);
      visit.answer = "held";
      bearFailure(payload);
      void judge(request, reply, visit, status).then((served) => {
        visit.answer = "gone";
        if (reply.sent) return; // the handler's time was over
        try {
          reply.code(status); // whatever was set while it was held
          const instead = isSuccess(status) ? insteadOfSuccess(served, status) : undefined;
          done(null, instead === undefined ? payload : replaceAnswer(reply, payload, instead));
        } catch (error) {
          done(error as Error); // Fastify cannot send that
        }
      });
    },
  } satisfies RouteShorthandOptions;
  if (handle === undefined) return hooks;

  return {
    ...hooks,
    async handler(request: FastifyRequest, reply: FastifyReply) {
      const visit = visitOf(request);
      const { event, run } = visit;
      if (event === undefined || run === undefined) throw unverified(visit);
      run.state = "at work";
      try {
        const returned = await handle(event as E, request, reply);
        if (isResponse(returned) && !visit.isSent && !reply.sent) reply.send(returned);
      } catch (error) {
        run.state = "over";
        visit.fail?.(error);
        await visit.served;
        if (!visit.isSent && !reply.sent) throw error;
        request.log.error({ err: error }, "the webhook handler failed after it had answered");
        return reply;
      }
      run.state = "over";
      if (run.failure !== undefined) visit.fail?.(run.failure.error);
      else if (!judgeByResponse(request, reply, visit) && !visit.isSent && !reply.sent && !reply.raw.headersSent) {
        // a status that was set is an answer, sent or not
        if (reply.statusCode !== 200) reply.send();
        else visit.conclude?.(undefined);
      }
      run.end();
      await visit.served;
      return reply;
    },
  };
}

function unverified(visit: Visit): Error {
  visit.isUnverified = true;
  return new Error("webhook: the route's own preParsing hook has not run; do not put another in its place, use app.addHook");
}
