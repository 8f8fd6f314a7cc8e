/**
 * Webhooks where a `Request` comes in and a `Response` goes out: Cloudflare Workers, Deno, Bun, Next.js, SvelteKit, React Router,
 * Astro, h3, Vercel, Netlify.
 *
 * @example
 * import { createVerifier, webhook } from "@countersign/serverless/fetch";
 * import { stripe } from "@countersign/providers/stripe";
 *
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }) });
 * export const POST = webhook(verifier, async (event) => console.log(event.type));
 */
import type { Verifier, WebhookEvent } from "@countersign/core";
import { type EventSink, type RequestOrigin, serve, toRefusedDelivery, toResponse } from "@countersign/core/adapter";
import { adviseRequest } from "./advise-request.js";
import { readHandler } from "./handler.js";
import { createReader, type Origin, platformOrigin } from "./origin.js";
import { toStatus } from "./status.js";

export {
  ConfigurationError,
  createVerifier,
  VerificationError,
  type Verifier,
  type VerifierOptions,
  WebhookError,
  type WebhookEvent,
} from "@countersign/core";
export type { EventSink, RequestOrigin } from "@countersign/core/adapter";
export { bun, cloudflare, deno, netlify, type Origin, vercel } from "./origin.js";

/**
 * Makes a fetch handler. It answers always, and never rejects.
 *
 * A `Response` that the handler returns is sent, and its status decides: 2xx commits, before it leaves; anything else releases
 * (`Response.error()`, which nobody can send, is a failure).
 * Other returned values are ignored, and the provider's success reply is sent. Whatever is thrown, a `Response` too, releases and
 * answers 500: a provider has no use for a redirect.
 *
 * @param handler takes the event, the request (of the type that it declares; its body is read: see `event.rawBody`), and what the
 *   server passes besides
 * @param origin the client's address and protocol: `{ address, protocol }`, or a function of the request and what the server
 *   passes, such as `bun`, `deno`, `cloudflare`, `netlify` or `vercel`. Left out, they are unknown, but for the protocol on
 *   Cloudflare Workers: on a server the request's URL is the client's word.
 * @throws ConfigurationError
 */
export function webhook<E extends WebhookEvent, Rest extends unknown[], R extends Request = Request>(
  verifier: Verifier<E>,
  handler: ((event: E, request: R, ...rest: Rest) => unknown) | EventSink<E>,
  origin?: Origin<NoInfer<R>, Rest>,
): (request: R, ...rest: Rest) => Promise<Response>;
// for a handler that does not ask for what the server passes, so that only the origin can tell its type
export function webhook<E extends WebhookEvent, Info>(
  verifier: Verifier<E>,
  handler: ((event: E, request: Request, info: NoInfer<Info>) => unknown) | EventSink<E>,
  origin: (request: Request, info: Info) => RequestOrigin,
): (request: Request, info: Info) => Promise<Response>;
export function webhook<E extends WebhookEvent, Rest extends unknown[]>(
  verifier: Verifier<E>,
  handler: ((event: E, request: Request, ...rest: Rest) => unknown) | EventSink<E>,
  origin?: Origin<Request, Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const run = readHandler<E, [Request, ...Rest]>(verifier, handler);
  const toDelivery = createReader<Request, Rest>(origin ?? platformOrigin());
  return async function webhookHandler(request, ...rest) {
    const advice = adviseRequest(request);
    const delivery = advice === undefined ? toDelivery(request, rest) : toRefusedDelivery("MISCONFIGURED", advice);
    const served = await serve(verifier, delivery, (event) => run(event, request, ...rest), statusOf);
    return served.reply === undefined ? (served.answer as Response) : toResponse(served.reply);
  };
}

/** By its tag too: a server may have put a `Response` of its own in place of the runtime's, and its 500 must not be taken for nothing. */
function statusOf(answer: unknown): number | undefined {
  const isResponse = answer instanceof Response || Object.prototype.toString.call(answer) === "[object Response]";
  return isResponse ? toStatus((answer as Response).status, "a Response of status") : undefined;
}
