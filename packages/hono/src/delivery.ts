import type { Delivery } from "@countersign/core";
import { fromFetchRequest, fromNodeRequest, type NodeRequest, type NodeResponse, type RequestOrigin } from "@countersign/core/adapter";
import type { Context } from "hono";

/** What Node's server knows of a request, as `@hono/node-server` hands it over. */
interface NodeBindings {
  readonly incoming: NodeRequest & { readonly readableDidRead?: boolean; readonly body?: unknown };
  readonly outgoing: NodeResponse;
}

type Awaitable<T> = T | Promise<T>;

/** Answers Node's own request and response, on Node. */
export function nodeOf(c: Context): NodeBindings | undefined {
  const { incoming, outgoing } = (c.env ?? {}) as Partial<NodeBindings>;
  return Array.isArray(incoming?.rawHeaders) && outgoing !== undefined ? (c.env as NodeBindings) : undefined;
}

/**
 * Takes a request as a delivery: Node's own where there is one, since Hono's URL is normalised and loses what `mount` strips. The
 * address is read at once, before any `await`.
 */
export function toDelivery(c: Context): Delivery | Promise<Delivery> {
  const node = nodeOf(c);
  const delivery = node === undefined ? fromFetchRequest(c.req.raw, originOf(c)) : fromNodeRequest(node.incoming);
  // typed as the values, though they are promises of them
  const cache = c.req.bodyCache as Cache;
  if ((cache.arrayBuffer ?? cache.blob ?? cache.text) !== undefined) return withCaptured(delivery, cache);
  // whoever read a clone has left the request itself unread
  const isCloned = node?.incoming.readableDidRead === true && node.incoming.body === undefined && !c.req.raw.bodyUsed;
  return isCloned ? { ...delivery, body: c.req.raw } : delivery;
}

/** What Hono keeps of what its readers have read before: bytes, or the text that it parses as JSON. */
interface Cache {
  readonly arrayBuffer?: Awaitable<ArrayBuffer>;
  readonly blob?: Awaitable<Blob>;
  readonly text?: Awaitable<string>;
}

async function withCaptured(delivery: Delivery, { arrayBuffer, blob, text }: Cache): Promise<Delivery> {
  try {
    const bytes = await (arrayBuffer ?? (await blob)?.arrayBuffer());
    return { ...delivery, body: bytes ?? { rawBody: (await text) ?? "" } };
  } catch {
    // their reading failed, and has left nothing to verify
    return delivery;
  }
}

type Deno = { readonly remoteAddr?: { readonly hostname?: string } };
type BunServer = { requestIP?(request: Request): { readonly address: string } | null; readonly url?: URL };

/**
 * Tells who sent a request, where the runtime knows. Only Workers make the request's URL themselves: others take it from the wire. A
 * Worker has no peer: `forwardedHeader: "cf-connecting-ip"` with `trustedProxies: { hops: 1 }` asks for the edge's word.
 */
function originOf(c: Context): RequestOrigin {
  const { raw } = c.req;
  if ((raw as { cf?: unknown }).cf !== undefined && globalThis.navigator?.userAgent === "Cloudflare-Workers") {
    return { protocol: raw.url.startsWith("https:") ? "https" : "http" };
  }
  const env = (c.env ?? {}) as { readonly server?: BunServer } & BunServer & Deno;
  const bun = env.server ?? env;
  if (typeof bun.requestIP === "function") {
    // without an address: a Unix socket, or a peer that is gone
    const address = bun.requestIP(raw)?.address ?? (bun.url?.protocol === "unix:" ? undefined : "");
    return { address, protocol: bun.url?.protocol === "https:" ? "https" : "http" };
  }
  return typeof env.remoteAddr?.hostname === "string" ? { address: env.remoteAddr.hostname, protocol: "http" } : {};
}

/** Leaves the body where Hono's own readers look, and a request that can still be read, for whoever takes that. Both are made when asked for. */
export function keepBody(c: Context, rawBody: Uint8Array): void {
  const kept = new KeptBody(c, rawBody);
  Object.assign(c.req.bodyCache, { [KEPT]: kept });
  Object.assign(c.req, { [KEPT]: kept });
  Object.defineProperty(c.req.bodyCache, "arrayBuffer", BYTES);
  Object.defineProperty(c.req, "raw", RAW);
}

/** A body that was read, as it can be read again. */
class KeptBody {
  readonly #c: Context;
  readonly #raw: Request;
  readonly #rawBody: Uint8Array;
  #bytes: Promise<ArrayBuffer> | undefined;
  request: Request | undefined;

  constructor(c: Context, rawBody: Uint8Array) {
    this.#c = c;
    this.#raw = c.req.raw;
    this.#rawBody = rawBody;
  }
  bytes(): Promise<ArrayBuffer> {
    this.#bytes ??= Promise.resolve(new Uint8Array(this.#rawBody).buffer);
    return this.#bytes;
  }
  unread(): Request {
    this.request ??= unread(this.#c, this.#raw, this.#rawBody);
    return this.request;
  }
}

const KEPT = Symbol("kept body");
type Keeper = ThisType<{ [KEPT]: KeptBody }>;

// the same accessors for all requests: the engine keeps those of each request, with all that they hold, for much longer than it
const BYTES: PropertyDescriptor & Keeper = {
  configurable: true,
  enumerable: true,
  get() {
    return this[KEPT].bytes();
  },
};
const RAW: PropertyDescriptor & Keeper = {
  configurable: true,
  enumerable: true,
  get() {
    return this[KEPT].unread();
  },
  set(request: Request) {
    this[KEPT].request = request;
  },
};

function unread(c: Context, raw: Request, rawBody: Uint8Array): Request {
  // a GET takes no body, not even an empty one; a POST without bytes had a stream, which was read
  if (rawBody.length === 0 && !raw.bodyUsed) return raw;
  const body = new Uint8Array(rawBody);
  // a copy keeps what Workers know of a request; on Node, it would take the stream that was read
  if (nodeOf(c) === undefined) return new Request(raw, { body });
  return new Request(raw.url, { method: raw.method, headers: raw.headers, signal: raw.signal, body });
}
