/** What handlers do to a response of Node's own server, with the status and text that it then has. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as later } from "node:timers/promises";
import type { WebhookEvent } from "../../src/event.js";

export type Handler = (event: WebhookEvent, request: IncomingMessage, response: ServerResponse) => unknown;

/** Handlers whose answer is a success, by what they answer. */
export const SUCCESSES: Record<string, readonly [Handler, status: number, text: string]> = {
  nothing: [async () => {}, 200, ""],
  "nothing, and take no response": [(_e, _q) => {}, 200, ""],
  "a success": [(_e, _q, r) => void r.writeHead(202).end("taken"), 202, "taken"],
  "a success in parts": [
    async (_e, _q, r) => {
      r.write("one ");
      await later();
      r.end("two", "utf8");
    },
    200,
    "one two",
  ],
  "a success that ends later": [
    async (_e, _q, r) => {
      r.write("one ");
      setImmediate(() => r.end("two"));
    },
    200,
    "one two",
  ],
  "a stream": [async (_e, _q, r) => void Readable.from(["one ", "two"]).pipe(r), 200, "one two"],
  "a pipeline that they wait for": [async (_e, _q, r) => pipeline(Readable.from(["one ", "two"]), r), 200, "one two"],
  "an end that they wait for": [async (_e, _q, r) => new Promise<void>((resolve) => r.end("two", resolve)), 200, "two"],
  "an end, and wait for its finish": [
    async (_e, _q, r) => {
      r.end("two");
      await once(r, "finish");
    },
    200,
    "two",
  ],
  "an end while they wait for its finish": [
    async (_e, _q, r) => {
      setImmediate(() => r.end("two"));
      await once(r, "finish");
    },
    200,
    "two",
  ],
  "from a callback": [(_e, _q, r) => void setImmediate(() => r.end("two")), 200, "two"],
  "a success, and set a failure after it": [
    async (_e, _q, r) => {
      r.end("two");
      r.statusCode = 500;
    },
    200,
    "two",
  ],
  "a success, and begin a failure after it": [
    async (_e, _q, r) => {
      r.end("two");
      setStatus(r, 500);
      r.flushHeaders();
      r.write("three");
    },
    200,
    "two",
  ],
  "an end, and wait for a second one": [
    async (_e, _q, r) => {
      r.end("two");
      await new Promise<void>((resolve) => r.end("three", resolve));
    },
    200,
    "two",
  ],
};

/** Handlers whose answer is a failure. */
export const FAILURES: Record<string, readonly [Handler, status: number, text: string]> = {
  "a failure": [(_e, _q, r) => void r.writeHead(422).end("no"), 422, "no"],
  "a status without an end": [async (_e, _q, r) => setStatus(r, 503), 503, ""],
  "a head without an end": [async (_e, _q, r) => void r.writeHead(503), 503, ""],
  "a failure in parts, without an end": [async (_e, _q, r) => void r.writeHead(503).write("no"), 503, "no"],
  "a failure by a stream": [
    async (_e, _q, r) => {
      setStatus(r, 500);
      Readable.from(["one ", "two"]).pipe(r);
    },
    500,
    "one two",
  ],
  "a failure, and a success after it": [
    async (_e, _q, r) => {
      r.writeHead(400).end("no");
      r.end("yes");
    },
    400,
    "no",
  ],
  "a failure, and begin a success after it": [
    async (_e, _q, r) => {
      setStatus(r, 400);
      r.end("no");
      r.writeHead(200).end("yes");
    },
    400,
    "no",
  ],
};

export function setStatus(response: ServerResponse, status: number): void {
  response.statusCode = status;
}
