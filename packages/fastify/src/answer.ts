import type { Reply } from "@countersign/core";
import { isSuccess, type Served, toFailedStatus } from "@countersign/core/adapter";
import type { FastifyReply } from "fastify";

/** Tells whether an answer is a fetch `Response`, as Fastify itself does. */
export function isResponse(answer: unknown): answer is Response {
  return Object.prototype.toString.call(answer) === "[object Response]";
}

/** The status that Fastify is going to send: a `Response` brings its own. */
export function statusOf(reply: FastifyReply, payload: unknown): number {
  return isResponse(payload) ? payload.status : reply.statusCode;
}

/** Keeps a stream that fails while it waits to be sent from ending the process: Fastify finds it failed when it sends it, and listens no sooner. */
export function bearFailure(payload: unknown): void {
  (payload as { on?(event: "error", listener: () => void): void } | null | undefined)?.on?.("error", () => {});
}

/** Puts another reply in the place of the one that was about to leave. Answers its payload. */
export function replaceAnswer(reply: FastifyReply, payload: unknown, { status, headers, body }: Reply): string | null {
  // a stream that nobody reads would keep its file open
  (payload as { destroy?(): void } | null | undefined)?.destroy?.();
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
  reply.code(status).headers(headers);
  return body;
}

/** The reply that says nothing but that a success is none. */
export function toFailedReply(status: number): Reply {
  return { status: toFailedStatus(status), headers: {}, body: null };
}

/** What is to be sent in the place of a success, if it is none: it may answer the error of a failure that could not be sent. */
export function insteadOfSuccess(served: Served<number> | undefined, status: number): Reply | undefined {
  if (served === undefined || served.reply !== undefined) return served?.reply;
  return isSuccess(served.answer) ? undefined : toFailedReply(status);
}
