import { type BodySource, type NodeRequest as DiscardableRequest, discardBody } from "@countersign/raw-body";
import type { Delivery } from "../delivery.js";
import type { Reply } from "../reply.js";
import { toUtf8 } from "../signature/encodings.js";

/** The part of Node's `IncomingMessage` (and of its HTTP/2 twin) that a delivery is made of. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly complete: boolean;
  readonly httpVersionMajor?: number | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean | undefined } | null;
}

/** The part of Node's `ServerResponse` that a reply is written to. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  setHeader(name: string, value: string): unknown;
  flushHeaders(): void;
  write(body: string): unknown;
  end(body?: string): unknown;
}

/**
 * Takes a request of Node's own server as a delivery. Must be called before any `await`: the peer's address is gone after a reset.
 *
 * @param url the request target as it came in, where a framework has changed `request.url`
 */
export function fromNodeRequest(request: NodeRequest, url: string | undefined = request.url): Delivery {
  const { socket } = request;
  return {
    method: request.method ?? "",
    url: url ?? "",
    wire: true,
    headers: request.rawHeaders,
    body: request as unknown as BodySource,
    address: socket?.remoteAddress,
    protocol: socket === null ? undefined : socket.encrypted === true ? "https" : "http",
  };
}

/** Sends a reply. Where the body has not been read to its end, the connection is closed after a bounded drain. */
export function sendNodeReply(request: NodeRequest, response: NodeResponse, { status, headers, body }: Reply): void {
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status !== 204) response.setHeader("content-length", String(body === null ? 0 : toUtf8(body).length));
  if (request.complete) {
    response.end(body ?? undefined);
    return;
  }
  // a sender that is cut off while it sends may never see the reply: it leaves first, and the end comes after the drain
  if (request.httpVersionMajor !== 2) response.setHeader("connection", "close");
  if (body === null) response.flushHeaders();
  else response.write(body);
  void discardBody(request as unknown as DiscardableRequest).then(() => response.end());
}
