import type { BodySource } from "@countersign/raw-body";
import type { Delivery } from "../delivery.js";

/** The part of Node's `IncomingMessage` (and of its HTTP/2 twin) that a delivery is made of. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The whole target, where an app around this one (Express, connect) has cut its own mount path off `url`. */
  readonly originalUrl?: string | undefined;
  readonly rawHeaders?: readonly string[] | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  readonly complete: boolean;
  readonly httpVersionMajor?: number | undefined;
  readonly socket: NodeSocket | null;
}

/** The part of Node's `Socket` that tells of the peer. */
interface NodeSocket {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly encrypted?: boolean | undefined;
  readonly destroyed?: boolean | undefined;
  readonly readableEnded?: boolean | undefined;
  /** The server that took the connection. */
  readonly server?: { address?(): unknown } | null | undefined;
}

/**
 * Takes a request of Node's own server as a delivery. Must be called before any `await`: the peer's address is gone after a reset.
 *
 * @param url the request target as it came in, where a framework has changed `request.url`
 */
export function fromNodeRequest(request: NodeRequest, url: string | undefined = request.originalUrl ?? request.url): Delivery {
  const { socket, rawHeaders = [] } = request;
  return {
    method: request.method ?? "",
    url: url ?? "",
    wire: true,
    // a bridge that makes a request of a platform's event, for an app of Express on Lambda, fills the record alone
    headers: rawHeaders.length > 0 ? rawHeaders : (request.headers ?? []),
    body: request as unknown as BodySource,
    // such a bridge has "" where its platform tells the address by a header alone
    address: socket?.remoteAddress || (isUnix(socket) ? undefined : ""),
    protocol: socket === null ? undefined : socket.encrypted === true ? "https" : "http",
  };
}

/**
 * Tells whether a socket without a remote address is a Unix socket. A TCP socket has none either once its peer has reset it, which
 * any client can do right after its request: taken for a Unix socket, it would be taken for a proxy.
 *
 * Its own address outlives a reset on Linux, not on macOS; there the server it came in by tells.
 */
function isUnix(socket: NodeSocket | null): boolean {
  if (socket === null || socket.localAddress !== undefined || socket.destroyed === true) return false;
  return !isOnTcp(socket);
}

/** A server's address is an object on TCP, a path on a Unix socket, and `null` where the system passed on a Unix socket's descriptor. */
function isOnTcp({ server }: NodeSocket): boolean {
  try {
    const address = server?.address?.();
    return typeof address === "object" && address !== null;
  } catch {
    // only the address of a TCP server is asked of the system, which can fail
    return true;
  }
}
