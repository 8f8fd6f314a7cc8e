import type { Delivery, WebhookEvent } from "@countersign/core";
import { fromNodeRequest, isBrokenOff, type Served } from "@countersign/core/adapter";
import type { FastifyReply, FastifyRequest } from "fastify";

/** One delivery's way through the route. */
export interface Visit {
  readonly delivery: Delivery;
  /** Whether it came through without having been verified. */
  isUnverified: boolean;
  /** The rest is there once the delivery is accepted. */
  event: WebhookEvent | undefined;
  served: Promise<Served<number>> | undefined;
  /** Settles what `serve` waits for, by the status that is about to be sent; `undefined` where nothing was answered. */
  conclude: ((status: number | undefined) => void) | undefined;
  fail: ((error: unknown) => void) | undefined;
  restoreHeaders: (() => void) | undefined;
  /** The run of the handler; the middleware form has none. */
  run: Run | undefined;
  /** What `reply.send` was before it was watched. */
  send: FastifyReply["send"] | undefined;
  /** Whether `reply.send` was called. */
  isSent: boolean;
  /** Whether an answer waits in our `onSend` until it is judged, or an error in our `onError`, or an answer has gone on from there. */
  answer: "held" | "gone" | undefined;
}

/** The same for every route, so that {@link watchedSend} finds the visit of whichever reply it is. */
const VISIT = Symbol("webhook visit");

/** The visit of a request. The first call must come before any `await`: the peer's address may be gone later. */
export function visitOf(request: FastifyRequest & { [VISIT]?: Visit }): Visit {
  request[VISIT] ??= createVisit(fromNodeRequest(request.raw, request.originalUrl));
  return request[VISIT];
}

/** Of one shape from its beginning to its end: engines are slow with objects that grow. */
function createVisit(delivery: Delivery): Visit {
  return {
    delivery,
    isUnverified: false,
    event: undefined,
    served: undefined,
    conclude: undefined,
    fail: undefined,
    restoreHeaders: undefined,
    run: undefined,
    send: undefined,
    isSent: false,
    answer: undefined,
  };
}

/** One run of the handler form's handler. */
export interface Run {
  state: "to come" | "at work" | "over";
  /** What was sent while it was at work, and was an error: an exception is no answer. */
  failure?: { readonly error: unknown };
  /** Fulfils when it is over, or waits until its reply has left: it would wait for ever, if the reply waited for it. */
  readonly ended: Promise<void>;
  end(): void;
}

/** Makes the run of a handler that is still to come. */
export function createRun(): Run {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { state: "to come", ended, end };
}

/** Watches the reply to an accepted delivery. */
export function watchReply(request: FastifyRequest, reply: FastifyReply, visit: Visit): void {
  const { raw, send } = reply;
  raw.once("close", () => judgeByResponse(request, reply, visit));
  // `await reply` listens for it, too
  raw.on("newListener", (name) => name === "finish" && visit.run?.state === "at work" && visit.run.end());
  visit.send = send;
  reply.send = watchedSend;
}

/**
 * While an answer is held, `reply.sent` is false; Fastify then sends for a handler that has returned or thrown after it had sent. One
 * function for all replies: the engine keeps a reply that holds one of its own, with all of its request, until a full collection.
 */
function watchedSend(this: FastifyReply, payload?: unknown): FastifyReply {
  const visit = visitOf(this.request);
  if (visit.answer === "held") {
    this.log.warn({ err: payload instanceof Error ? payload : undefined }, "webhook: a reply was sent before, and this one is not");
    return this;
  }
  visit.isSent = true;
  return (visit.send as FastifyReply["send"]).call(this, payload);
}

/** Judges an answer that is about to leave, once the handler that gave it has ended. */
export async function judge(
  request: FastifyRequest,
  { raw }: FastifyReply,
  visit: Visit,
  status: number,
): Promise<Served<number> | undefined> {
  const { run } = visit;
  if (run?.state === "at work") await Promise.race([run.ended, visit.served]);
  if (isBrokenOff(request.raw, raw)) visit.fail?.(brokenOff());
  else if (run?.failure !== undefined) visit.fail?.(run.failure.error);
  else if (run?.state === "to come") visit.fail?.(new Error(`${status} was answered before the handler had run`));
  else visit.conclude?.(status);
  return visit.served;
}

/** Judges what passes by Fastify's hooks: a hijacked reply, or a response that was broken off. Answers whether there was anything to judge. */
export function judgeByResponse(request: FastifyRequest, { raw }: FastifyReply, visit: Visit): boolean {
  if (visit.run?.state === "at work") return false;
  const isBroken = isBrokenOff(request.raw, raw);
  if (isBroken) visit.fail?.(brokenOff());
  else if (raw.writableEnded) visit.conclude?.(raw.statusCode);
  return isBroken || raw.writableEnded;
}

const brokenOff = (): Error => new Error("the response was broken off before its end");
