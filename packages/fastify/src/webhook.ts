/**
 * The webhook route of Fastify 4 and 5, as route options: they stay on their route, and sibling routes keep their parsers.
 *
 * The bytes are read in `preParsing`, before any content-type parser. Which outcome commits and which releases is decided by core's
 * `serve`; here its handler is a promise that the route's later hooks settle.
 */
import type { Delivery, Verifier, WebhookEvent } from "@countersign/core";
import { type EventSink, fromNodeRequest, isBrokenOff, type Served, sendNodeReply, serve, toHandler } from "@countersign/core/adapter";
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
import { hideBody } from "./hide-body.js";
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

/** One delivery's way through the route. */
interface Visit {
  readonly delivery: Delivery;
  /** The rest is there once the delivery is accepted. */
  event?: WebhookEvent;
  served?: Promise<Served<number>>;
  /** Settles what `serve` waits for, by the status that is about to be sent; `undefined` where nothing was answered. */
  answer?: (status: number | undefined) => void;
  fail?: (error: unknown) => void;
  restoreHeaders?: () => void;
  /** Whether the handler of the handler form is at work: what others send meanwhile is not its answer. */
  running: boolean;
  /** The first that it gave to `reply.send`. */
  sent?: { readonly error: Error | undefined };
}

/**
 * Makes the options of a webhook route. With a handler they are the whole route; without one they pass an accepted delivery on
 * (`request.webhook`, and its payload as `request.body`) and judge the outcome by the response.
 *
 * The handler succeeded if it fulfilled and what it sent through `reply` is 2xx. What it returns is ignored: if it sent nothing and
 * set no status, the provider's success reply is sent. If it throws, the claim is released and Fastify's error handling goes on.
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
  const visits = new WeakMap<FastifyRequest, Visit>();
  const enter = (request: FastifyRequest): Visit => {
    const visit: Visit = { delivery: fromNodeRequest(request.raw, request.originalUrl), running: false };
    visits.set(request, visit);
    return visit;
  };

  const hooks = {
    onRequest(request, _reply, done) {
      enter(request); // now, since the peer's address may be gone later
      done();
    },
    preParsing(request, reply, payload, done) {
      const visit = visits.get(request) ?? enter(request);
      const accept = (event: E): Promise<number | undefined> =>
        new Promise((answer, fail) => {
          Object.assign(visit, { event, answer, fail, restoreHeaders: hideBody(request) });
          (request as { webhook?: unknown }).webhook = { event };
          request.body = event.payload;
          reply.raw.once("close", () => judgeByResponse(request, reply, visit));
          done(null, payload);
        });
      const body = payload as unknown as Delivery["body"];
      visit.served = serve<E, number | undefined>(verifier, { ...visit.delivery, body }, accept, (status) => status) as Promise<
        Served<number>
      >;
      void visit.served.then((served) => {
        if (served.reply === undefined || "error" in served || reply.sent) return; // Fastify answers, or has answered
        reply.hijack(); // no hook of the app may change what the provider is told
        sendNodeReply(request.raw, reply.raw, served.reply);
      });
    },
    preValidation(request, _reply, done) {
      const visit = visits.get(request);
      visit?.restoreHeaders?.();
      done(visit?.event === undefined ? new Error(UNVERIFIED) : undefined);
    },
    async onError(request, _reply, error) {
      const visit = visits.get(request);
      if (visit?.running) return; // the handler's own end decides
      visit?.fail?.(error);
      await visit?.served;
    },
    async onSend(request, reply, payload) {
      const visit = visits.get(request);
      if (visit?.event === undefined || (visit.running && !isAnswer(visit.sent))) return payload;
      visit.answer?.(reply.statusCode);
      const served = await visit.served;
      if (served?.reply === undefined || reply.statusCode < 200 || reply.statusCode > 299) return payload;
      // a failure that an error handler of the app made into a success
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
      reply.code(served.reply.status).headers(served.reply.headers);
      return served.reply.body;
    },
  } satisfies RouteShorthandOptions;
  if (handler === undefined) return hooks;

  const handle = toHandler<E, [FastifyRequest, FastifyReply], unknown>(handler);
  return {
    ...hooks,
    async handler(request: FastifyRequest, reply: FastifyReply) {
      const visit = visits.get(request);
      if (visit?.event === undefined) throw new Error(UNVERIFIED);
      watchSend(reply, visit);
      visit.running = true;
      try {
        await handle(visit.event as E, request, reply);
      } catch (error) {
        visit.fail?.(error);
        visit.running = false;
        await visit.served;
        if (visit.sent === undefined && !reply.sent) throw error;
        request.log.error({ err: error }, "the webhook handler failed after it had answered");
        return reply;
      }
      visit.running = false;
      if (visit.sent?.error !== undefined) visit.fail?.(visit.sent.error);
      else if (visit.sent === undefined && reply.sent) judgeByResponse(request, reply, visit);
      // a status that was set is an answer, sent or not
      else if (visit.sent === undefined && reply.statusCode !== 200) reply.send();
      else if (visit.sent === undefined) visit.answer?.(undefined);
      await visit.served;
      return reply;
    },
  };
}

const UNVERIFIED = "webhook: the route's own preParsing hook has not run; do not put another in its place, use app.addHook";

const isAnswer = (sent: Visit["sent"]): boolean => sent !== undefined && sent.error === undefined;

/** `reply.sent` turns true long after `reply.send` where hooks take their time. An error that was sent is an exception, not an answer. */
function watchSend(reply: FastifyReply, visit: Visit): void {
  const { send } = reply;
  reply.send = function watchedSend(payload?: unknown) {
    visit.sent ??= { error: payload instanceof Error ? payload : undefined };
    return send.call(reply, payload);
  };
}

/** For what passes by Fastify's hooks: a hijacked reply, or a response that was broken off. */
function judgeByResponse(request: FastifyRequest, { raw }: FastifyReply, visit: Visit): void {
  if (visit.running) return;
  if (raw.writableEnded) visit.answer?.(raw.statusCode);
  else if (isBrokenOff(request.raw, raw)) visit.fail?.(new Error("the response was broken off before its end"));
}
