/**
 * Webhooks on Koa 2 and 3: turns a context into a delivery, and a reply into its response. The verifier decides.
 *
 * The body is read from the stream, so that no body parser is needed; those that follow find `ctx.request.body` set. Replies go the
 * way of every Koa response, so that middleware before this one works as it does for others.
 */
import type { Delivery, Reply, Verifier, WebhookEvent } from "@countersign/core";
import {
  checkVerifier,
  closeAfterReply,
  denySuccess,
  type EventSink,
  fromNodeRequest,
  isBrokenOff,
  isSuccess,
  outcomeOf,
  replyInstead,
  serve,
  serveNext,
  toError,
  toFirstDelivery,
  toHandler,
} from "@countersign/core/adapter";
import type { Middleware, Next, ParameterizedContext } from "koa";
import { toReadBody } from "./read-body.js";

/** Where the middleware leaves the event: `ctx.state.webhook.event`. */
export type WebhookState<E extends WebhookEvent = WebhookEvent> = { webhook: { readonly event: E } };

/** Takes an accepted event, and may answer by way of `ctx`. Ends when its promise fulfils. */
export type WebhookHandler<E extends WebhookEvent = WebhookEvent> = (event: E, ctx: ParameterizedContext, next: Next) => unknown;

/**
 * Makes the whole route of a webhook from a handler (or a sink, such as an inbox). The event is committed before the response leaves.
 * A handler that answers nothing gets the provider's success reply; one that throws gets its event released, and the error goes on
 * to the app's error handling, which cannot make a success of it.
 *
 * @example
 * router.post("/webhooks/stripe", webhook(verifier, async (event) => fulfil(event.payload)));
 */
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>, handler: WebhookHandler<E> | EventSink<NoInfer<E>>): Middleware;
/**
 * Makes a middleware that passes accepted deliveries on, with `ctx.state.webhook.event` and `ctx.request.body`. A 2xx commits the
 * event, any other status releases it. Whoever takes the event has to answer: where nobody does, the reply is a 500.
 *
 * @example
 * router.post("/webhooks/stripe", webhook(verifier), (ctx) => {
 *   ctx.body = { got: ctx.state.webhook.event.type };
 * });
 */
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>): Middleware<WebhookState<E>>;
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>, handler?: WebhookHandler<E> | EventSink<NoInfer<E>>): Middleware {
  checkVerifier(verifier);
  const handle = handler === undefined ? undefined : toHandler(handler);
  return async function webhookMiddleware(ctx, next) {
    const { respond } = ctx;
    const passedOn = (event: E): Promise<number | undefined> => {
      ctx.state.webhook = { event };
      (ctx.request as { body?: unknown }).body = event.payload;
      return answeredStatus(ctx, next);
    };
    const served =
      handle === undefined
        ? await serveNext(verifier, toDelivery(ctx), passedOn)
        : await serve(
            verifier,
            toDelivery(ctx),
            (event) => answeredStatus(ctx, () => handle(event, ctx, next)),
            (status) => status,
          );
    if ("error" in served) {
      denySuccess(ctx.res);
      // Koa would leave it open
      if (ctx.headerSent && !ctx.res.writableEnded) ctx.res.destroy();
      ctx.respond = respond; // else what a middleware before us makes of the error would stay with it
      throw toWritable(toError(served.error));
    }
    // what an outer middleware makes of it may be no success either
    if (!isSuccess(served.reply?.status ?? served.answer ?? 0)) denySuccess(ctx.res);
    if (served.reply !== undefined) await reply(ctx, served.reply);
  };
}

/** Koa writes on the errors that it answers, and would fail on one that is frozen. */
function toWritable(error: object): object {
  if (Object.isExtensible(error)) return error;
  const { status } = error as { readonly status?: unknown };
  return Object.create(error, { status: { value: status, writable: true }, headerSent: { value: undefined, writable: true } });
}

/** Inside Express, the whole request target is on its own property; mounts within Koa keep it in `originalUrl`. */
function toDelivery(ctx: ParameterizedContext): Delivery {
  const { originalUrl = ctx.originalUrl } = ctx.req as { originalUrl?: string };
  const body = toReadBody(ctx);
  const delivery = fromNodeRequest(ctx.req, originalUrl);
  return toFirstDelivery(body === undefined ? delivery : { ...delivery, body }, ctx.state.webhook);
}

/** Runs whoever takes the event, and answers the status that Koa is going to send, or `undefined` if nobody has replied. */
async function answeredStatus(ctx: ParameterizedContext, handled: () => unknown): Promise<number | undefined> {
  const unanswered = ctx.status;
  await handled();
  bearFailure(ctx.body);
  if (ctx.respond === false || isBrokenOff(ctx.req, ctx.res)) return outcomeOf(ctx.req, ctx.res);
  // Koa remembers whether a status was set: its 404 may be somebody's answer, or nobody's
  const { _explicitStatus: isAnswered } = ctx.response as { _explicitStatus?: boolean };
  return isAnswered === true || ctx.headerSent || ctx.status !== unanswered ? ctx.status : undefined;
}

/** Keeps a stream that fails while it waits to be sent from ending the process: Koa 3 finds it failed when it sends it, and listens no sooner. */
function bearFailure(body: unknown): void {
  (body as { on?(event: "error", listener: () => void): void } | null | undefined)?.on?.("error", () => {});
}

async function reply(ctx: ParameterizedContext, { status, headers, body }: Reply): Promise<void> {
  // a handler that has had its time may still answer on Node's own response
  if (ctx.respond === false || ctx.headerSent) return replyInstead(ctx.req, ctx.res, { status, headers, body });
  await closeAfterReply(ctx.req, ctx.res);
  ctx.set({ ...headers });
  // else Koa 3 makes JSON's null of none, where the app has set that type
  if (body === null) ctx.remove("content-type");
  ctx.body = body;
  ctx.status = status;
  // else Koa 2 says nothing of where the reply ends, and closes the connection; of a 204 Koa takes it away again
  if (body === null) ctx.length = 0;
}
