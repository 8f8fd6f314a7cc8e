/**
 * Webhooks as HTTP functions of Google Cloud Functions and Cloud Run functions, by the Functions Framework.
 *
 * @example
 * import { http } from "@google-cloud/functions-framework";
 * import { createVerifier, webhook } from "@countersign/serverless/gcf";
 * import { stripe } from "@countersign/providers/stripe";
 *
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }), trustedProxies: { hops: 1 } });
 * http("stripe", webhook(verifier, async (event) => console.log(event.type)));
 */
import type { Verifier, WebhookEvent } from "@countersign/core";
import { type EventSink, fromNodeRequest, sendNodeReply, serve } from "@countersign/core/adapter";
import type { Request, Response } from "@google-cloud/functions-framework";
import { readHandler } from "./handler.js";

export { ConfigurationError, createVerifier, VerificationError, WebhookError, type WebhookEvent } from "@countersign/core";
export type { EventSink } from "@countersign/core/adapter";

/**
 * Makes an HTTP function. It answers always, and never rejects: the framework ends the process for that.
 *
 * What the handler writes to `res` is its answer; `res.end` is held until the handler has ended and the claim is settled: 2xx
 * commits, anything else releases. A handler that answers nothing gets the provider's success reply sent. A throw releases and
 * answers 500, even after an `end`.
 *
 * The body is the framework's `req.rawBody`. Google's front end tells of the client in `X-Forwarded-For` and `X-Forwarded-Proto`:
 * give the verifier `trustedProxies: { hops: 1 }`, one more for a load balancer of yours.
 *
 * @param handler takes the event, the request and the response
 * @throws ConfigurationError
 */
export function webhook<E extends WebhookEvent>(
  verifier: Verifier<E>,
  handler: ((event: E, req: Request, res: Response) => unknown) | EventSink<E>,
): (req: Request, res: Response) => Promise<void> {
  const run = readHandler<E, [Request, Response]>(handler);
  return async function webhookFunction(req, res) {
    let end: HeldEnd | undefined;
    const served = await serve<E, number | undefined>(
      verifier,
      fromNodeRequest(req, req.originalUrl),
      async (event) => {
        end = holdEnd(res);
        const running = run(event, req, res);
        await running;
        // a handler that takes `res` and is no promise answers from a callback
        if (run.length > 2 && !isThenable(running)) await end.called;
        return end.isCalled() ? res.statusCode : undefined;
      },
      (status) => status,
    );
    if (served.reply === undefined) return end?.letGo();
    end?.drop();
    sendNodeReply(req, res, served.reply);
  };
}

/** A response whose end waits for the claim. */
interface HeldEnd {
  /** Fulfils when the handler has called `res.end`. */
  readonly called: Promise<void>;
  isCalled(): boolean;
  /** Ends the response as the handler did. */
  letGo(): void;
  /** Forgets what the handler answered; where a part of it has left, breaks the response off. */
  drop(): void;
}

function holdEnd(res: Response): HeldEnd {
  const end = res.end as (...args: unknown[]) => Response;
  let call: unknown[] | undefined;
  let onCall: () => void;
  const called = new Promise<void>((resolve) => {
    onCall = resolve;
  });
  res.end = ((...args: unknown[]) => {
    call ??= args;
    onCall();
    return res;
  }) as Response["end"];
  return {
    called,
    isCalled: () => call !== undefined,
    letGo() {
      res.end = end as Response["end"];
      end.apply(res, call ?? []);
    },
    drop() {
      res.end = end as Response["end"];
      if (res.headersSent) res.destroy();
      else for (const name of res.getHeaderNames()) res.removeHeader(name);
    },
  };
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}
