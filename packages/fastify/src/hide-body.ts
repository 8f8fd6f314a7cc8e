import type { FastifyRequest } from "fastify";

const NO_BODY = { "content-type": undefined, "content-length": undefined, "transfer-encoding": undefined };

/**
 * Makes the request look as if it had no body, so that Fastify parses nothing and answers no 400, 413 or 415 of its own.
 *
 * @returns a function that makes it whole again
 */
export function hideBody(request: FastifyRequest): () => void {
  // Fastify lays headers that are set over the received ones, anew each time they are read; unset, it hands those out as they are
  const set = request.headers === request.raw.headers ? undefined : request.headers;
  request.headers = set === undefined ? NO_BODY : { ...set, ...NO_BODY };
  return () => {
    request.headers = set as FastifyRequest["headers"];
  };
}
