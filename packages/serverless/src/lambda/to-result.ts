import type { Reply } from "@countersign/core";
import type { ALBResult, APIGatewayProxyResult, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { toStatus } from "../status.js";
import { type Fields, isFields, isMultiValue, shapeOf } from "./event-shape.js";

/** A result that each of API Gateway, Function URLs and Application Load Balancers takes. */
export type LambdaHttpResult = APIGatewayProxyResult & APIGatewayProxyStructuredResultV2 & ALBResult;

/** Makes a result of a reply, in the shape that the event's sender wants. */
export function toResult({ status, headers, body }: Reply, event: unknown): LambdaHttpResult {
  const result = { statusCode: status, headers: { ...headers }, body: body ?? "", isBase64Encoded: false };
  return shapeOf(event) === "alb" ? toBalancerResult(result, event) : result;
}

/**
 * Makes a result of a handler's answer, an object with `statusCode`. Anything else that a handler returns is no answer.
 * @throws Error if `statusCode` is no status
 */
export function toAnswer(returned: unknown, event: unknown): LambdaHttpResult | undefined {
  if (!isFields(returned) || !("statusCode" in returned)) return undefined;
  const statusCode = toStatus(returned.statusCode, "statusCode");
  // what a class gives its objects is not written as JSON
  const answer = (Object.hasOwn(returned, "statusCode") ? returned : { ...returned, statusCode }) as unknown as LambdaHttpResult;
  return shapeOf(event) === "alb" ? toBalancerResult(answer, event) : answer;
}

/**
 * Adds what a load balancer takes amiss if it is missing: a description and headers, which it wants as lists where it sends lists,
 * and as single values where it sends those.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer
 */
function toBalancerResult({ headers, multiValueHeaders, ...answer }: LambdaHttpResult, event: unknown): LambdaHttpResult {
  const { statusCode } = answer;
  const described = { statusDescription: `${statusCode} ${statusCode < 300 ? "OK" : "Error"}`, isBase64Encoded: false, ...answer };
  const several = linesOf(multiValueHeaders);
  const named = new Set(several.map(([name]) => name.toLowerCase()));
  const lines = [...linesOf(headers).filter(([name]) => !named.has(name.toLowerCase())), ...several];
  if (isMultiValue(event)) return { ...described, multiValueHeaders: Object.fromEntries(lines) };
  return { ...described, headers: Object.fromEntries(lines.map(([name, values]) => [name, toSingle(name, values)])) };
}

/** Names with their values, those left out that have none. */
function linesOf(record: unknown): [string, string[]][] {
  return Object.entries(isFields(record) ? record : ({} as Fields))
    .map(([name, value]): [string, string[]] => [
      name,
      [value]
        .flat()
        .filter((one) => one !== undefined && one !== null)
        .map(String),
    ])
    .filter(([, values]) => values.length > 0);
}

/** Lists are joined, but for cookies, which cannot be: of them the last counts, as of the headers that such a balancer sends. */
function toSingle(name: string, values: readonly string[]): string {
  return name.toLowerCase() === "set-cookie" ? (values.at(-1) as string) : values.join(", ");
}
