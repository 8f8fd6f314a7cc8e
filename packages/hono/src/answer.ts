import { outcomeOf } from "@countersign/core/adapter";
import type { Context, MiddlewareHandler } from "hono";
import { nodeOf } from "./delivery.js";

/** What `@hono/node-server` leaves alone, since the handler has answered on Node's own response. */
const ALREADY_SENT = "x-hono-already-sent";

/** Answers the status that the provider hears of a response. */
export function sentStatus(c: Context, response: Response): number | Promise<number> {
  const node = nodeOf(c);
  return node !== undefined && response.headers.has(ALREADY_SENT) ? outcomeOf(node.incoming, node.outgoing) : response.status;
}

/** Makes a response that `@hono/node-server` leaves alone, where one has begun on Node's own, whether that was said or not. */
export function begunOnNode(c: Context): Response | undefined {
  return nodeOf(c)?.outgoing.headersSent === true ? new Response(null, { headers: { [ALREADY_SENT]: "true" } }) : undefined;
}

/** Answers a response that a handler has made without returning it. One that comes of an error is of whoever did not wait, such as a timeout of the app's. */
export function unreturned(c: Context): Response | undefined {
  if (c.error !== undefined) return undefined;
  return begunOnNode(c) ?? (c.finalized ? c.res : bareStatus(c));
}

/** Makes a response of a status that was set, and nothing else; Hono tells of it only by what it makes with it. */
function bareStatus(c: Context): Response | undefined {
  const response = c.body(null);
  return response.status === 200 ? undefined : response;
}

/** Makes a test of a response that follows a middleware: whether it is the app's `notFound` for want of anybody else. */
export function createNotFoundTest({ req }: Context, self: MiddlewareHandler): (response: Response) => boolean {
  const { matchedRoutes, routeIndex } = req; // now, since the index goes on with `next`
  const isLast = routeIndex === matchedRoutes.length - 1;
  // a function around ours may have a `next` of its own: `every`, or an app within the app
  const isRoute = matchedRoutes[routeIndex]?.handler === self;
  return ({ status }) => isLast && (isRoute || status === 404);
}
