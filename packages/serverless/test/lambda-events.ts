import { readFileSync } from "node:fs";
import type { LambdaHttpEvent } from "@countersign/serverless/lambda";
import type { Context } from "aws-lambda";

/** An event as a test may change it. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into events of every shape, broken ones too
export type Loose = any;

export const SHAPES = ["rest", "rest-empty", "http", "function-url", "alb", "alb-multi-value"] as const;
export type Shape = (typeof SHAPES)[number];

const sample = (shape: Shape): Loose => JSON.parse(readFileSync(new URL(`events/${shape}.json`, import.meta.url), "utf8"));

/** AWS's own sample of a shape, with a delivery in it. */
export function eventOf(
  shape: Shape,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Loose {
  const event = sample(shape);
  if (event.requestContext.http === undefined) event.httpMethod = "POST";
  else event.requestContext.http.method = "POST";
  if (shape.startsWith("alb")) headers = { ...headers, "x-forwarded-proto": "https" };
  if (event.headers !== undefined) event.headers = { ...withoutLength(event.headers), ...headers };
  if (event.multiValueHeaders !== undefined) for (const [name, value] of Object.entries(headers)) event.multiValueHeaders[name] = [value];
  event.body = body;
  return event;
}

/** A sample of an empty request declares no bytes. */
function withoutLength({ "content-length": _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

/** Lambda's context with this many milliseconds left. */
export const contextOf = (remaining = 30_000): Context =>
  ({ awsRequestId: "request", functionName: "webhooks", getRemainingTimeInMillis: () => remaining }) as Context;

export const asEvent = (event: unknown): LambdaHttpEvent => event as LambdaHttpEvent;
