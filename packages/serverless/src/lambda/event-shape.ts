import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, LambdaFunctionURLEvent } from "aws-lambda";

/** Every event by which AWS hands an HTTP request to a function. */
export type LambdaHttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2 | LambdaFunctionURLEvent | ALBEvent;

/**
 * `rest`: API Gateway REST, and HTTP with payload format 1.0. `http`: API Gateway HTTP with payload format 2.0, and Function URLs.
 * `alb`: an Application Load Balancer.
 */
export type EventShape = "rest" | "http" | "alb";

/** An object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells the shape of an event by what only that shape has; `undefined` for an event that carries no HTTP request, or cannot be read. */
export function shapeOf(event: unknown): EventShape | undefined {
  try {
    return readShape(event);
  } catch {
    return undefined;
  }
}

function readShape(event: unknown): EventShape | undefined {
  if (!isFields(event) || !isFields(event.requestContext)) return undefined;
  const { elb, http, connectionId } = event.requestContext;
  // what an authorizer is asked, and what a WebSocket API sends, may look like a request, and nobody waits for its answer
  if (event.type === "REQUEST" || typeof connectionId === "string") return undefined;
  if (isFields(http)) return typeof http.method === "string" && typeof event.rawPath === "string" ? "http" : undefined;
  if (typeof event.httpMethod !== "string" || typeof event.path !== "string") return undefined;
  if (isFields(elb)) return "alb";
  return isGateway(event.requestContext) ? "rest" : undefined;
}

/** Tells whether a request context is API Gateway's, whose word on address and protocol counts. Events written by hand have one of these. */
function isGateway({ identity, stage, apiId }: Fields): boolean {
  return isFields(identity) || typeof stage === "string" || typeof apiId === "string";
}

/** Tells whether the event keeps duplicate headers apart; an Application Load Balancer then wants the same of the result. */
export function isMultiValue(event: unknown): boolean {
  if (!isFields(event)) return false;
  const { headers, multiValueHeaders } = event;
  return isFilled(multiValueHeaders) || (isFields(multiValueHeaders) && !isFields(headers));
}

/** Tells whether a record says anything: some senders put an empty one beside the one that does. */
export function isFilled(record: unknown): record is Fields {
  return isFields(record) && Object.keys(record).length > 0;
}
