/**
 * Webhooks on Hono, on Node and every fetch runtime: turns a context into a delivery, and a reply into a `Response`. The verifier
 * decides.
 */
import type { Delivery, Reply, Verifier, WebhookEvent } from "@countersign/core";
import {
  checkVerifier,
  closeAfterReply,
  denySuccess,
  type EventSink,
  isBrokenOff,
  isSuccess,
  type Served,
  serve,
  serveNext,
  toError,
  toFirstDelivery,
  toHandler,
  toResponse,
} from "@countersign/core/adapter";
import type { Context, MiddlewareHandler } from "hono";
import { begunOnNode, createNotFoundTest, sentStatus, unreturned } from "./answer.js";
import { keepBody, nodeOf, toDelivery } from "./delivery.js";
import { FailingPromise, withoutSuccess } from "./failing-promise.js";

/** Where the middleware leaves the event: `c.var.webhook.event`. */
export type WebhookEnv<E extends WebhookEvent = WebhookEvent> = { Variables: { webhook: { readonly event: E } } };

/** Takes an accepted event, and may answer with a `Response`, or with `c.status` alone; what else it returns is ignored. Ends when its promise fulfils. */
export type WebhookHandler<E extends WebhookEvent = WebhookEvent> = (event: E, c: Context) => unknown;

/**
 * Makes the whole route of a webhook from a handler (or a sink, such as an inbox). The event is committed before the response leaves.
 * A handler that answers nothing gets the provider's success reply; one that throws gets its event released, and the error goes on
 * to `app.onError`, which cannot make a success of it.
 *
 * @example
 * app.post("/webhooks/stripe", webhook(verifier, async (event) => fulfil(event.payload)));
 */
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler: WebhookHandler<E> | EventSink<NoInfer<E>>,
): MiddlewareHandler;
/**
 * Makes a middleware that passes accepted deliveries on, with `c.var.webhook.event`; `c.req.json()` and its like work as if nobody
 * had read. A 2xx commits the event, any other response releases it.
 *
 * @example
 * app.post("/webhooks/stripe", webhook(verifier), (c) => c.json({ got: c.var.webhook.event.type }));
 */
export function webhook<E extends WebhookEvent>(verifier: Verifier<E>): MiddlewareHandler<WebhookEnv<E>>;
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler?: WebhookHandler<E> | EventSink<NoInfer<E>>,
): MiddlewareHandler {
  checkVerifier(verifier);
  const handle = handler === undefined ? undefined : toHandler(handler);
  return function webhookMiddleware(c, next) {
    const answer = handle === undefined ? runMiddleware(verifier, c, next, webhookMiddleware) : runHandler(verifier, c, handle);
    return FailingPromise.resolve(answer) as Promise<Response | undefined>;
  };
}

interface Answer {
  readonly response: Response;
  readonly status: number;
}

async function runHandler<E extends WebhookEvent>(verifier: Verifier<E>, c: Context, handle: WebhookHandler<E>): Promise<unknown> {
  const handled = async (event: E): Promise<Answer | undefined> => {
    keepBody(c, event.rawBody);
    const returned = await handle(event, c);
    failIfBrokenOff(c);
    const response = returned instanceof Response ? returned : unreturned(c);
    return response && { response, status: await sentStatus(c, response) };
  };
  const served = await serve(verifier, await toOwnDelivery(c), handled, (answer) => answer?.status);
  keepFailure(c, served.reply?.status ?? served.answer?.status);
  return served.answer?.response ?? toAnswer(c, served);
}

async function runMiddleware<E extends WebhookEvent>(
  verifier: Verifier<E>,
  c: Context,
  next: () => Promise<void>,
  self: MiddlewareHandler,
): Promise<unknown> {
  const isNobodys = createNotFoundTest(c, self);
  const passedOn = async (event: E): Promise<number | undefined> => {
    c.set("webhook", { event });
    keepBody(c, event.rawBody);
    await next();
    // Hono has caught what was thrown, and may have answered it already
    if (c.error !== undefined) throw c.error;
    failIfBrokenOff(c);
    const begun = c.finalized ? undefined : begunOnNode(c);
    if (begun !== undefined) c.res = begun;
    return !c.finalized || isNobodys(c.res) ? undefined : sentStatus(c, c.res);
  };
  const served = await serveNext(verifier, await toOwnDelivery(c), passedOn);
  keepFailure(c, served.reply?.status ?? served.answer);
  if ("error" in served && served.error === c.error && c.finalized) {
    c.res = withoutSuccess(c.res);
    return undefined;
  }
  const answer = await toAnswer(c, served);
  if (answer === undefined || !c.finalized) return answer;
  c.res = undefined; // else the headers of what was there would be laid over it
  c.res = answer;
  return undefined;
}

async function toOwnDelivery(c: Context): Promise<Delivery> {
  return toFirstDelivery(await toDelivery(c), c.get("webhook"));
}

/** On Node, neither an outer middleware nor a response that has begun can make a success of what is none. */
function keepFailure(c: Context, status: number | undefined): void {
  const node = isSuccess(status ?? 0) ? undefined : nodeOf(c);
  if (node === undefined) return;
  denySuccess(node.outgoing);
  // Node's server would end it as it had begun
  if (node.outgoing.headersSent && !node.outgoing.writableEnded) node.outgoing.destroy();
}

/** Answers with a reply of ours, or throws what the handler threw, for the app to answer with whatever is no success. */
async function toAnswer(c: Context, served: Served<unknown>): Promise<Response | undefined> {
  if ("error" in served) {
    Object.defineProperty(c, "res", {
      configurable: true,
      get: () => Reflect.get(Object.getPrototypeOf(c), "res", c),
      set: (response: Response) => Reflect.set(Object.getPrototypeOf(c), "res", withoutSuccess(response), c),
    });
    throw toError(served.error);
  }
  return served.reply === undefined ? undefined : replyWith(c, served.reply);
}

async function replyWith(c: Context, reply: Reply): Promise<Response> {
  const node = nodeOf(c);
  if (node !== undefined) await closeAfterReply(node.incoming, node.outgoing);
  return toResponse(reply);
}

function failIfBrokenOff(c: Context): void {
  const node = nodeOf(c);
  if (node !== undefined && isBrokenOff(node.incoming, node.outgoing)) throw new Error("the handler broke off its response");
}
