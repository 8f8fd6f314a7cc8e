// Compiled, never run: what a handler is given has its type with no annotation.

import { app } from "@azure/functions";
import type { Preset, SecretOptions } from "@countersign/core";
import { webhook as azure } from "@countersign/serverless/azure";
import { bun, cloudflare, createVerifier, deno, type EventSink, netlify, type WebhookEvent, webhook } from "@countersign/serverless/fetch";
import { webhook as gcf } from "@countersign/serverless/gcf";
import { type LambdaHttpEvent, webhook as lambda } from "@countersign/serverless/lambda";
import { webhook as middyWebhook } from "@countersign/serverless/middy";
import { http } from "@google-cloud/functions-framework";
import middy from "@middy/core";
import type { ALBHandler, APIGatewayProxyEventV2, APIGatewayProxyHandler, APIGatewayProxyHandlerV2, SQSEvent } from "aws-lambda";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<_T extends true>(): void;

interface Orders {
  "order.created": { orderId: string };
  "order.paid": { orderId: string; cents: number };
}
declare const acme: Preset<SecretOptions>;
const verifier = createVerifier({ provider: acme<Orders>({ secret: "s" }) });
type OrderEvent = WebhookEvent<"order.created", { orderId: string }> | WebhookEvent<"order.paid", { orderId: string; cents: number }>;

declare const sink: EventSink<OrderEvent>;
declare const wide: EventSink;
declare const other: EventSink<WebhookEvent<"other", 1>>;
interface Env {
  DB: string;
}

/** One handler for every platform. */
const portable = async (event: OrderEvent): Promise<void> => {
  if (event.type === "order.paid") event.payload.cents.toFixed();
};
export const everywhere = [webhook(verifier, portable), lambda(verifier, portable), azure(verifier, portable), gcf(verifier, portable)];
export const sinks = [webhook(verifier, sink), lambda(verifier, wide), azure(verifier, sink), gcf(verifier, wide)];
// @ts-expect-error a sink of other events
webhook(verifier, other);
// @ts-expect-error a sink of other events
lambda(verifier, other);
// @ts-expect-error a handler of something that is no event
webhook(verifier, async (event: string) => event);
// @ts-expect-error no handler
webhook(verifier);

// Cloudflare Workers
export const worker = {
  fetch: webhook(verifier, async (event, request, env: Env, context: { waitUntil(promise: Promise<unknown>): void }) => {
    is<Equal<typeof event, OrderEvent>>();
    is<Equal<typeof request, Request>>();
    context.waitUntil(Promise.resolve(env.DB));
    return new Response(null, { status: 202 });
  }),
};
is<Equal<Parameters<typeof worker.fetch>[1], Env>>();
export const guarded = { fetch: webhook(verifier, async (_event, _request, env: Env) => env.DB, cloudflare) };
export const plain = { fetch: webhook(verifier, async (event) => event.id, cloudflare) };

// Deno, Bun, Netlify: what the server passes is typed by the platform's function, also where the handler does not ask for it
declare const serveDeno: (
  handler: (request: Request, info: { remoteAddr: { transport: "tcp"; hostname: string; port: number } }) => Promise<Response>,
) => void;
serveDeno(webhook(verifier, async (event) => event.id, deno));
serveDeno(webhook(verifier, () => {}, deno));
serveDeno(
  webhook(
    verifier,
    async (event) => event.id,
    (request, info: Parameters<typeof deno>[1]) => ({ ...deno(request, info), protocol: "https" }),
  ),
);
serveDeno(
  webhook(
    verifier,
    async (_event, _request, info: { remoteAddr: { hostname: string } }) => info.remoteAddr.hostname,
    (_request, info) => ({ address: info.remoteAddr.hostname }),
  ),
);
export const onBun = webhook(verifier, async (_event, request, server) => server.requestIP(request), bun);
export const onNetlify = webhook(verifier, async (_event, _request, context) => context.ip.length, netlify);
export const fixed = webhook(verifier, async (event) => event.id, { address: undefined, protocol: "https" });
// @ts-expect-error a protocol that is none
webhook(verifier, portable, { protocol: "spdy" });
// @ts-expect-error an origin that answers something else
webhook(verifier, portable, () => "https");

// Next.js
type NextRoute = (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response>;
export const POST: NextRoute = webhook(verifier, portable);
export const withParams: NextRoute = webhook(
  verifier,
  async (_event, _request, { params }: { params: Promise<{ id: string }> }) => void (await params).id,
);

// a platform's own kind of request, where the handler says so or the place where it goes
interface RoutedRequest extends Request {
  readonly params: { readonly id: string };
}
type Routed = (request: RoutedRequest, env: Env) => Response | Promise<Response>;
export const annotated: Routed = webhook(verifier, async (_event, request: RoutedRequest) => request.params.id.length, cloudflare);
export const contextual: Routed = webhook(verifier, async (event, request, env) => {
  is<Equal<typeof event, OrderEvent>>();
  is<Equal<typeof request, RoutedRequest>>();
  return new Response(request.params.id + env.DB);
});
is<Equal<Parameters<typeof onBun>[0], Request>>();
// @ts-expect-error no request
webhook(verifier, async (_event, request: URL) => request.href);

// Lambda
export const onLambda = lambda(verifier, async (event, request, context) => {
  is<Equal<typeof event, OrderEvent>>();
  context.awsRequestId.length;
  return { statusCode: request.isBase64Encoded ? 200 : 202 };
});
export const asRest: APIGatewayProxyHandler = (event, context) => onLambda(event, context);
export const asHttp: APIGatewayProxyHandlerV2 = (event, context) => onLambda(event, context);
export const asBalancer: ALBHandler = (event, context) => onLambda(event, context);

// one kind of Lambda event, where the handler says so
export const onFunctionUrl = lambda(verifier, async (event, request: APIGatewayProxyEventV2) => {
  is<Equal<typeof event, OrderEvent>>();
  return { statusCode: request.rawPath === "/" ? 200 : 404 };
});
is<Equal<Parameters<typeof onFunctionUrl>[0], APIGatewayProxyEventV2>>();
is<Equal<Parameters<typeof onLambda>[0], LambdaHttpEvent>>();
is<typeof onFunctionUrl extends APIGatewayProxyHandlerV2 ? true : false>();
export const inferredRest: APIGatewayProxyHandler = lambda(verifier, async (_event, request) => ({ statusCode: 200, body: request.path }));
// @ts-expect-error no event of HTTP
lambda(verifier, async (_event, request: SQSEvent) => request.Records);

// Middy
// @ts-expect-error a handler, which belongs to Middy
middyWebhook(verifier, portable);
export const onMiddy = middy()
  .use(middyWebhook(verifier))
  .handler(async (_request, context) => {
    is<Equal<typeof context.webhook.event, OrderEvent>>();
    return { statusCode: 200, body: context.awsRequestId };
  });

// Azure, Google
app.http("acme", {
  handler: azure(verifier, async (event, request, context) => {
    is<Equal<typeof event, OrderEvent>>();
    context.log(request.url);
    return { status: 204 };
  }),
});
http(
  "acme",
  gcf(verifier, async (event, req, res) => {
    is<Equal<typeof event, OrderEvent>>();
    res.status(req.rawBody === undefined ? 202 : 204).end();
  }),
);
