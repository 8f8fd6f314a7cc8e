import type { Reply } from "@countersign/core";
import type { ALBResult, APIGatewayProxyResult, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { isMultiValue, shapeOf } from "./event-shape.js";

/** A result that each of API Gateway, Function URLs and Application Load Balancers takes. */
export type LambdaHttpResult = APIGatewayProxyResult & APIGatewayProxyStructuredResultV2 & ALBResult;

/** Tells the status of an answer: an object with `statusCode`. Anything else a handler returns is none. */
export function statusOf(answer: unknown): number | undefined {
  return typeof answer === "object" && answer !== null && "statusCode" in answer ? Number(answer.statusCode) : undefined;
}

/** Makes a result of a reply, in the shape that the event's sender wants. */
export function toResult({ status, headers, body }: Reply, event: unknown): LambdaHttpResult {
  return complete({ statusCode: status, headers: { ...headers }, body: body ?? "", isBase64Encoded: false }, event);
}

/**
 * Adds what a load balancer takes amiss if it is missing: a description and headers, which it wants as lists where it sends lists.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer
 */
export function complete(answer: LambdaHttpResult, event: unknown): LambdaHttpResult {
  if (shapeOf(event) !== "alb") return answer;
  const { headers = {}, multiValueHeaders, statusCode, ...rest } = answer;
  const described = {
    statusCode,
    statusDescription: `${statusCode} ${statusCode < 300 ? "OK" : "Error"}`,
    isBase64Encoded: false,
    ...rest,
  };
  if (!isMultiValue(event)) return { ...described, headers };
  const lists = Object.entries(headers).map(([name, value]) => [name, [value]]);
  return { ...described, multiValueHeaders: { ...Object.fromEntries(lists), ...multiValueHeaders } };
}
