import type { IncomingMessage, ServerResponse } from "node:http";
import type { Delivery, WebhookEvent } from "@countersign/core";
import { fromNodeRequest, toParsedBody } from "@countersign/core/adapter";
import type { ExecutionContext } from "@nestjs/common";

/** What Express's request and Fastify's have in common here. */
export interface NestRequest {
  readonly raw?: IncomingMessage;
  readonly originalUrl?: string;
  readonly rawBody?: Uint8Array;
  body?: unknown;
  webhook?: { readonly event: WebhookEvent };
}

/** One request on either platform: under Fastify's request and reply, and as Express's own, lie those of Node. */
export interface Platform {
  readonly request: NestRequest;
  readonly rawRequest: IncomingMessage;
  readonly rawResponse: ServerResponse;
  /** Takes the response away from Fastify, which would answer by itself. Express does not. */
  hijack(): void;
}

/**
 * Finds Node's request and response under those of the platform.
 *
 * @throws Error for what came by no HTTP route: the arguments of a message or a resolver stand in the same places, and are the sender's
 */
export function toPlatform(context: ExecutionContext): Platform {
  const kind = context.getType<string>();
  if (kind !== "http")
    throw new Error(`@Webhook: ${context.getClass().name}.${context.getHandler().name} was called by "${kind}", which is no HTTP route`);
  const request = context.switchToHttp().getRequest<NestRequest>();
  const response = context.switchToHttp().getResponse<{ readonly raw?: ServerResponse; hijack?(): unknown }>();
  return {
    request,
    rawRequest: request.raw ?? (request as unknown as IncomingMessage),
    rawResponse: response.raw ?? (response as unknown as ServerResponse),
    hijack: () => void response.hijack?.(),
  };
}

/** Takes a request whose body Nest's parsers, or others, may have read by now. */
export function toDelivery({ request, rawRequest }: Platform): Delivery {
  const delivery = fromNodeRequest(rawRequest, request.originalUrl);
  if (request.rawBody !== undefined) return { ...delivery, body: { rawBody: request.rawBody } };
  if (!rawRequest.readableDidRead) return delivery;
  const { body } = request;
  // an app may have a raw parser of its own on the route
  return { ...delivery, body: typeof body === "string" || body instanceof Uint8Array ? { rawBody: body } : toParsedBody(UNKEPT) };
}

const UNKEPT =
  "Nest's body parser read the body before any guard ran, and kept no bytes; create the app with NestFactory.create(AppModule, { rawBody: true }), and give useBodyParser the same for further content types";

/** Where Nest keeps what a method's parameters are, by `kind:index`; 1 and 2 are its kinds of `@Res()` and `@Next()`. */
const ROUTE_ARGUMENTS = "__routeArguments__";

/** Tells whether the handler is given the response (or `next`), and so may answer by itself at any time. */
export function isGivenResponse(context: ExecutionContext): boolean {
  const controller = context.getClass();
  const handler = context.getHandler();
  // the function's own name may be another decorator's
  for (let prototype = controller.prototype; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const method = Object.getOwnPropertyNames(prototype).find(
      (name) => Object.getOwnPropertyDescriptor(prototype, name)?.value === handler,
    );
    if (method === undefined) continue;
    const found: object = Reflect.getMetadata(ROUTE_ARGUMENTS, controller, method) ?? {};
    return Object.keys(found).some((key) => key.startsWith("1:") || key.startsWith("2:"));
  }
  return false;
}
