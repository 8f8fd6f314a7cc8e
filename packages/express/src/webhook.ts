/**
 * Webhooks on Express 4 and 5: turns a request into a delivery, and a reply into a response. The verifier decides.
 *
 * The body is read from the stream, so that no body parser is needed; those that follow find `req.body` set. Where one runs before,
 * it must keep the bytes: `express.json({ verify: keepRawBody })`.
 */
import type { Delivery, Verifier, WebhookEvent } from "@countersign/core";
import {
  checkVerifier,
  denySuccess,
  type EventSink,
  fromNodeRequest,
  outcomeOf,
  replyInstead,
  sendNodeReply,
  serveHeld,
  serveNext,
  toError,
  toFirstDelivery,
  toHandler,
} from "@countersign/core/adapter";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { nobodysAnswer } from "./nobodys-answer.js";

/** Where the middleware leaves the event: `res.locals.webhook.event`. */
export type WebhookLocals<E extends WebhookEvent = WebhookEvent> = { webhook: { readonly event: E } };

/** Takes an accepted event. One that declares no `res`, or returns a promise, ends when it returns or fulfils; any other, when it ends the response. */
export type WebhookHandler<E extends WebhookEvent = WebhookEvent> = (event: E, req: Request, res: Response) => unknown;

/** Fits in front of any handler. The first signature keeps `req.params` and arrays of handlers as they are, the second types `res.locals`. */
export interface WebhookMiddleware<E extends WebhookEvent = WebhookEvent> {
  (req: Request, res: Response, next: NextFunction): void;
  (
    // biome-ignore lint/suspicious/noExplicitAny: Express infers a handler's bodies from this place, and `unknown` would stay unknown
    req: Request<Request["params"], any, any, Request["query"], WebhookLocals<E>>,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    res: Response<any, WebhookLocals<E>>,
    next: NextFunction,
  ): void;
}

/**
 * Makes the whole route of a webhook from a handler (or a sink, such as an inbox). The response's end is held until the event is
 * committed. A handler that answers nothing gets the provider's success reply; one that throws gets its event released, and the
 * error goes on to the app's error handling, which cannot make a success of it.
 *
 * @example
 * app.post("/webhooks/stripe", webhook(verifier, async (event) => fulfil(event.payload)));
 */
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>, handler: WebhookHandler<E> | EventSink<NoInfer<E>>): RequestHandler;
/**
 * Makes a middleware that passes accepted deliveries on, with `res.locals.webhook.event`, `req.webhook` and `req.body`. A 2xx commits
 * the event, any other response releases it.
 *
 * @example
 * app.post("/webhooks/stripe", webhook(verifier), (req, res) => void res.json({ got: res.locals.webhook.event.type }));
 */
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>): WebhookMiddleware<E>;
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler?: WebhookHandler<E> | EventSink<NoInfer<E>>,
): RequestHandler {
  checkVerifier(verifier);
  const answer = handler === undefined ? createMiddleware(verifier) : createRoute(verifier, toHandler(handler));
  // Express 4 does not catch what an async middleware rejects with
  return function webhookMiddleware(req, res, next) {
    answer(req, res, next).catch(next);
  };
}

type Answer = (req: Request, res: Response, next: NextFunction) => Promise<void>;

function createRoute<E extends WebhookEvent>(verifier: Verifier<E>, handle: WebhookHandler<E>): Answer {
  return async (req, res, next) => {
    const failed = await serveHeld(verifier, toDelivery(req), handle, req, res, failByNext);
    if (failed === undefined) return;
    denySuccess(res);
    next(toError(failed.error));
  };
}

/** What Express's own methods do by `req.next`, such as `res.sendFile` of a missing file, is a throw of the handler that called them. */
function failByNext(req: Request, fail: (error: unknown) => boolean): void {
  const { next } = req;
  req.next = (error?: unknown) => {
    const isError = error !== undefined && error !== null && error !== "route" && error !== "router";
    if (!isError || !fail(error)) next?.(error);
  };
}

const toDelivery = (req: Request & { readonly webhook?: unknown }): Delivery => toFirstDelivery(fromNodeRequest(req), req.webhook);

function createMiddleware<E extends WebhookEvent>(verifier: Verifier<E>): Answer {
  return async (req, res, next) => {
    let isAccepted = false;
    const passedOn = (event: E): Promise<number | undefined> => {
      isAccepted = true;
      const webhook: WebhookLocals<E>["webhook"] = { event };
      res.locals.webhook = webhook;
      // `_body` tells the parsers of Express 4 that the body has been read; those of Express 5 look at the stream
      Object.assign(req, { webhook, body: event.payload, _body: true });
      const outcome = Promise.race([outcomeOf(req, res), nobodysAnswer(res)]);
      next();
      return outcome;
    };
    const served = await serveNext(verifier, toDelivery(req), passedOn);
    if (served.reply === undefined || "error" in served) return;
    if (isAccepted) replyInstead(req, res, served.reply);
    else sendNodeReply(req, res, served.reply);
  };
}
