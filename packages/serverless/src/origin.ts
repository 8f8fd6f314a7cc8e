import { ConfigurationError, type Delivery } from "@countersign/core";
import { fromFetchRequest, type RequestOrigin, seen, toRefusedDelivery, unexpected } from "@countersign/core/adapter";

/**
 * Where the client's address and protocol come from: `{ address, protocol }`, or a function that answers them for each request
 * from what the server passes with it.
 */
export type Origin<R, Rest extends unknown[]> = RequestOrigin | ((request: R, ...rest: Rest) => RequestOrigin);

/** What a `Request` of the platform's own kind has of a fetch `Request`. */
type RequestLike = Pick<Request, "method" | "url"> & { readonly headers: unknown; readonly body: unknown };

/**
 * Makes the function that takes a request as a delivery.
 * @throws ConfigurationError if the origin is neither a function nor an object of address and protocol
 */
export function createReader<R extends RequestLike, Rest extends unknown[]>(
  origin: Origin<R, Rest> | undefined,
): (request: R, rest: Rest) => Delivery {
  const fixed = typeof origin === "function" ? {} : readOrigin(origin);
  return (request, rest) => {
    try {
      const told = typeof origin === "function" ? readOrigin(origin(request, ...rest), " answered") : fixed;
      return fromFetchRequest(request as unknown as Request, told);
    } catch (error) {
      const detail = error instanceof ConfigurationError ? error.message : "the request, or its address and protocol, could not be read";
      return toRefusedDelivery("MISCONFIGURED", detail, error);
    }
  };
}

const EXPECTED = '{ address, protocol: "http" or "https" }, or a function that answers them for a request, at once';

/** What a socket's address has besides, such as that which Bun's `requestIP` answers. */
const PASSED_OVER = ["family", "port"];

/** Checks what somebody else has told. `null` is not known: JavaScript's `headers.get` answers it. */
function readOrigin(told: unknown, answered = ""): RequestOrigin {
  const refuse = (saw: string): never => {
    throw unexpected("webhook.origin", saw + answered, EXPECTED);
  };
  if (told === undefined || told === null) return {};
  if (typeof told !== "object") return refuse(seen(told));
  if ("then" in told) {
    // nobody will wait for it, and its rejection must not end the process
    Promise.resolve(told).catch(() => {});
    return refuse("a promise");
  }
  const { address = null, protocol = null, ...others } = told as Record<string, unknown>;
  const stranger = Object.keys(others).find((key) => !PASSED_OVER.includes(key));
  if (stranger !== undefined) return refuse(`an object with ${seen(stranger)}`);
  if (address !== null && typeof address !== "string") return refuse(`the address ${seen(address)}`);
  if (protocol !== null && protocol !== "http" && protocol !== "https") return refuse(`the protocol ${seen(protocol)}`);
  return { address: address ?? undefined, protocol: protocol ?? undefined };
}

/**
 * The protocol of the URL where the platform itself makes the URL. On a server it comes from the wire, and is nobody's word.
 * @see https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent
 */
export function platformOrigin(): ((request: Request, ..._rest: unknown[]) => RequestOrigin) | undefined {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers" ? ({ url }) => ({ protocol: protocolOf(url) }) : undefined;
}

function protocolOf(url: string): "http" | "https" {
  return url.startsWith("https:") ? "https" : "http";
}

/**
 * Tells address and protocol on Cloudflare Workers: `CF-Connecting-IP`, which Cloudflare's edge writes, and the URL. Only there:
 * any other server takes both from the client.
 *
 * @see https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip
 */
export function cloudflare(request: Request): RequestOrigin {
  return { address: request.headers.get("cf-connecting-ip") ?? undefined, protocol: protocolOf(request.url) };
}

/**
 * Tells address and protocol on Vercel: `X-Real-IP` and `X-Forwarded-Proto`, which its proxy writes over whatever a client sends.
 * Only there.
 *
 * @see https://vercel.com/docs/headers/request-headers
 */
export function vercel(request: Request): RequestOrigin {
  return {
    address: request.headers.get("x-real-ip") ?? undefined,
    protocol: request.headers.get("x-forwarded-proto") === "https" ? "https" : "http",
  };
}

/**
 * Tells address and protocol in Netlify Functions: the `ip` of their context, and the URL, which Netlify makes. Only there.
 *
 * @see https://docs.netlify.com/build/functions/api/#netlify-specific-context-object
 */
export function netlify(request: Request, context: { readonly ip: string }): RequestOrigin {
  return { address: context.ip, protocol: protocolOf(request.url) };
}

/**
 * Tells the address under `Deno.serve`. Deno does not tell a handler whether it serves TLS: where it does, write
 * `(request, info) => ({ ...deno(request, info), protocol: "https" })`.
 *
 * @see https://docs.deno.com/api/deno/~/Deno.ServeHandlerInfo
 */
export function deno(_request: Request, info: { readonly remoteAddr: object }): RequestOrigin {
  // a Unix socket's address is a path
  const { hostname } = info.remoteAddr as { readonly hostname?: string };
  return { address: hostname, protocol: "http" };
}

/**
 * Tells address and protocol under `Bun.serve`, from the server that it passes along. Bun knows no address of a Unix socket, nor of a
 * connection that was reset: the server's own URL tells which.
 *
 * @see https://bun.sh/reference/bun/Server
 */
export function bun(
  request: Request,
  server: { requestIP(request: Request): { readonly address: string } | null; readonly url: URL },
): RequestOrigin {
  const { protocol } = server.url;
  const lost = protocol === "unix:" ? undefined : "";
  return { address: server.requestIP(request)?.address ?? lost, protocol: protocol === "https:" ? "https" : "http" };
}
