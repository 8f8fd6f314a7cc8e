import type { Reply } from "@countersign/core";
import type { FastifyReply } from "fastify";

/** Tells whether an answer is a fetch `Response`, as Fastify itself does. */
export function isResponse(answer: unknown): answer is Response {
  return Object.prototype.toString.call(answer) === "[object Response]";
}

/** The status that Fastify is going to send: a `Response` brings its own. */
export function statusOf(reply: FastifyReply, payload: unknown): number {
  return isResponse(payload) ? payload.status : reply.statusCode;
}

/** Puts another reply in the place of the one that was about to leave. Answers its payload. */
export function replaceAnswer(reply: FastifyReply, payload: unknown, { status, headers, body }: Reply): string | null {
  // a stream that nobody reads would keep its file open
  (payload as { destroy?(): void } | null | undefined)?.destroy?.();
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
  reply.code(status).headers(headers);
  return body;
}
