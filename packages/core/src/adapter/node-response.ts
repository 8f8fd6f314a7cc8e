import { type NodeRequest as DiscardableRequest, discardBody } from "@countersign/raw-body";
import { CODES } from "../errors.js";
import type { Reply } from "../reply.js";
import { toUtf8 } from "../signature/encodings.js";
import { createOverlay, type Method } from "./lay-over.js";
import type { NodeRequest } from "./node-request.js";

/** The part of Node's `ServerResponse` (and of its HTTP/2 twin) that a reply is written to. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly destroyed?: boolean;
  /** What `destroy` was given. */
  readonly errored?: Error | null;
  setHeader(name: string, value: string): unknown;
  on(event: string, listener: () => void): unknown;
  destroy(): unknown;
  end(body?: string): unknown;
}

type Methods = Record<"setHeader" | "appendHeader" | "removeHeader" | "end" | "write" | "writeHead" | "flushHeaders", Method>;

/** A response by the methods that one may put others in the place of. */
const methodsOf = (response: NodeResponse): Methods => response as unknown as Methods;

/** Sends a reply. Where the body has not come to its end, the connection is closed after a bounded drain. */
export function sendNodeReply(request: NodeRequest, response: NodeResponse, reply: Reply): void {
  if (request.complete) write(request, response, reply);
  else void closeAfterReply(request, response).then(() => write(request, response, reply));
}

function write({ method }: NodeRequest, response: NodeResponse, { status, headers, body }: Reply): void {
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status !== 204) response.setHeader("content-length", String(body === null ? 0 : toUtf8(body).length)); // RFC 9110, section 8.6
  // a server that rejects non-standard writes throws at a body for a HEAD
  response.end(method === "HEAD" ? undefined : (body ?? undefined));
}

/**
 * Prepares a response to a request whose body has not come to its end, however it is going to be sent: its end then waits for a
 * bounded drain, and closes the connection.
 *
 * A body that came along with its head is there one turn of the event loop later. Such a request, refused by its head alone, is
 * answered like one that was read and refused: nobody can tell by the connection how far it came.
 */
export async function closeAfterReply(request: NodeRequest, response: NodeResponse): Promise<void> {
  if (request.complete) return;
  await new Promise((resolve) => setImmediate(resolve));
  if (!request.complete && !response.headersSent) closeAtEnd(request, response);
}

function closeAtEnd(request: NodeRequest, response: NodeResponse): void {
  // HTTP/2 has no such header: the drain closes the stream alone
  if (request.httpVersionMajor !== 2) response.setHeader("connection", "close");
  const methods = methodsOf(response);
  const { end } = methods;
  methods.end = (body) => {
    methods.end = end;
    // the reply leaves first: past its limit the drain closes the connection
    methods.flushHeaders();
    if (body !== undefined && body !== null && body !== "") methods.write(body);
    void whenInTurn(request, response)
      .then(() => discardBody(request as unknown as DiscardableRequest))
      .then(() => end.call(response));
    return response;
  };
}

/**
 * Waits for the replies to requests that came before on the same connection: closing it now would cut them off, and a handler at work
 * on one of them would be taken for one that broke off its response.
 */
function whenInTurn(request: NodeRequest, response: NodeResponse): Promise<void> {
  const current = (request.socket as { readonly _httpMessage?: object | null } | null)?._httpMessage;
  if (!current || current === response) return Promise.resolve();
  return new Promise((resolve) => {
    response.on("socket", resolve);
    (request as unknown as DiscardableRequest).on("close", resolve);
  });
}

/** Sends a reply in the place of a handler that has had its time. Whatever it still does to the response comes to nothing. */
export function replyInstead(request: NodeRequest, response: NodeResponse, reply: Reply, shut: typeof shutOut = shutOut): void {
  if (response.headersSent) response.destroy();
  else {
    if (!request.complete) closeAtEnd(request, response);
    write(request, response, reply);
  }
  // an app's own `end` that takes its time needs the methods
  if (response.headersSent) shut(response);
}

function nothing(this: unknown): unknown {
  return this;
}

const NOTHING: Methods = {
  setHeader: nothing,
  appendHeader: nothing,
  removeHeader: nothing,
  end: nothing,
  write: nothing,
  writeHead: nothing,
  flushHeaders: nothing,
};

/** Takes a response away from whoever still holds it, whatever a framework does to its prototype later. */
export function shutOut(response: NodeResponse): void {
  Object.assign(response, NOTHING);
}

/** Takes a response away from a handler behind which no framework goes on. */
export const shutOutHandler: (response: NodeResponse) => void = createOverlay(NOTHING);

/** Tells whether a status says success. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Answers the status to send after a handler has failed: a success is none, whoever says so. */
export function toFailedStatus(status: number): number {
  return isSuccess(status) ? CODES.HANDLER_FAILED.status : status;
}

/** Keeps a response from saying success, whatever an app's error handling makes of it. */
export function denySuccess(response: NodeResponse): void {
  const methods = methodsOf(response);
  const { writeHead } = methods;
  methods.writeHead = (status, ...rest) => {
    const failed = toFailedStatus(status as number);
    // a reason phrase that somebody set would still say OK; HTTP/2 has none, and warns of one
    if (failed !== status && Object.hasOwn(response, "statusMessage")) Reflect.set(response, "statusMessage", "");
    return writeHead.call(response, failed, ...rest);
  };
}

/** Tells whether our own side has broken the response off. Where the sender hung up, or spoilt its connection, the handler may still be at work. */
export function isBrokenOff(request: NodeRequest & { readonly aborted?: boolean }, response: NodeResponse): boolean {
  const { socket, aborted } = request;
  if (response.writableEnded || (response.destroyed !== true && socket?.destroyed !== true)) return false;
  // a stream that fails on its way into the response destroys it with its own error
  if (response.errored) return true;
  const { errored } = (socket ?? {}) as { readonly errored?: { readonly syscall?: string; readonly code?: string } | null };
  const hungUp =
    aborted === true || socket?.readableEnded === true || errored?.syscall !== undefined || SENDERS_DOING.test(errored?.code ?? "");
  return !hungUp;
}

/** Codes with which Node closes a connection: it was reset, what came next on it is no HTTP, or did not come in time. */
const SENDERS_DOING = /^(ECONNRESET|HPE_.*|ERR_HTTP_REQUEST_TIMEOUT)$/;

/**
 * Fulfils with a response's status when it is ended, also where the sender has hung up by then.
 *
 * @throws {Error} by rejection, when our own side breaks it off
 */
export function outcomeOf(request: NodeRequest, response: NodeResponse): Promise<number> {
  return new Promise((resolve, reject) => {
    if (response.writableEnded) return resolve(response.statusCode);
    const methods = methodsOf(response);
    const { end } = methods;
    methods.end = (...values) => {
      const returned = end.apply(response, values);
      resolve(response.statusCode);
      return returned;
    };
    const judge = (): void => {
      if (isBrokenOff(request, response)) reject(new Error("the response was broken off before its end"));
    };
    response.on("close", judge);
    judge();
  });
}
