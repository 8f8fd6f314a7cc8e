import type { BodySource } from "@countersign/raw-body";
import type { Delivery } from "../delivery.js";

/** The part of Node's `IncomingMessage` (and of its HTTP/2 twin) that a delivery is made of. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly complete: boolean;
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly encrypted?: boolean | undefined;
    readonly destroyed?: boolean | undefined;
    readonly readableEnded?: boolean | undefined;
  } | null;
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
