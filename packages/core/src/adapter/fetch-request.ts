import type { Delivery } from "../delivery.js";
import { toTarget } from "../provider/reading.js";
import type { Reply } from "../reply.js";

/** What a server or platform knows of a request besides the request itself. */
export interface RequestOrigin {
  /** The peer's address. */
  readonly address?: string | undefined;
  /** The protocol of the peer's connection; never what the request's URL says on a server that takes it from the wire. */
  readonly protocol?: "http" | "https" | undefined;
}

/** Takes a fetch `Request` as a delivery. */
export function fromFetchRequest(request: Request, { address, protocol }: RequestOrigin = {}): Delivery {
  return { method: request.method, url: toTarget(request.url), headers: request.headers, body: request, address, protocol };
}

/** Makes a `Response` of a reply. A status that may have no body gets none. */
export function toResponse({ status, headers, body }: Reply): Response {
  return new Response(status === 204 || status === 304 ? null : body, { status, headers: { ...headers } });
}
