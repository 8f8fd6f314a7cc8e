import type { Delivery } from "../delivery.js";
import type { WebhookEvent } from "../event.js";
import type { Reply } from "../reply.js";
import { type Receiver, serve } from "../serve.js";
import { type HeldEnd, type HoldableResponse, holdEnd } from "./held-end.js";
import type { NodeRequest } from "./node-request.js";
import { replyInstead, sendNodeReply, shutOutHandler } from "./node-response.js";

/**
 * Runs a delivery from end to end where the handler answers by a response of Node's own server: receive, the handler, commit or
 * release, and only then the end of the response. A handler that declares no response, or returns a promise, ends when it returns
 * or fulfils; any other, when it ends the response.
 *
 * @param hold called before the handler runs, with a way to say that it has failed where it neither throws nor answers; see {@link HeldEnd.fail}
 * @returns what the handler threw, and what to send where nobody else answers it: the response is as it was before the handler
 */
export async function serveHeld<E extends WebhookEvent, Request extends NodeRequest, Response extends HoldableResponse>(
  verifier: Receiver<E>,
  delivery: Delivery,
  handle: (event: E, request: Request, response: Response) => unknown,
  request: Request,
  response: Response,
  hold?: (request: Request, fail: HeldEnd["fail"]) => void,
): Promise<{ readonly error: unknown; readonly reply: Reply } | undefined> {
  let held: HeldEnd | undefined;
  const handled = (event: E): Promise<number | undefined> => {
    held = holdEnd(request, response);
    hold?.(request, held.fail);
    return runHandler(() => handle(event, request, response), handle.length > 2, held);
  };
  const served = await serve(verifier, delivery, handled, (status) => status);
  if (served.reply === undefined) held?.letGo();
  else if (held === undefined) sendNodeReply(request, response, served.reply);
  else {
    held.drop();
    if ("error" in served) return { error: served.error, reply: served.reply };
    replyInstead(request, response, served.reply, shutOutHandler);
  }
  return undefined;
}

/** Waits until a handler has ended in its own way, and answers the status of its answer, if there is one. */
async function runHandler(handle: () => unknown, declaresResponse: boolean, held: HeldEnd): Promise<number | undefined> {
  const returned = handle();
  const endsWithResponse = declaresResponse && !isThenable(returned);
  await Promise.race([endsWithResponse ? held.ended : returned, held.awaited]);
  if (held.isUnderWay()) await Promise.race([held.ended, held.closed]);
  return held.status();
}

function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}
