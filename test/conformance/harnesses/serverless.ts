import { createServer } from "node:http";
import { webhook as fetchWebhook } from "@countersign/serverless/fetch";
import { type LambdaHttpEvent, type LambdaHttpResult, webhook as lambdaWebhook } from "@countersign/serverless/lambda";
import { conformanceCases, createStages, type Harness, type RawRequest, type RawResponse } from "@countersign/testing/conformance";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { Context } from "aws-lambda";
import { listening } from "../listening.js";

/** A fetch handler on Node's server, where `Request` has normalised the target and joined equal headers. */
export const fetchOnNode: Harness = {
  name: "fetch on Node",
  traits: ["sockets", "streams", "any-type", "addresses", "methods", "background"],
  forms: ["handler"],
  async open() {
    const { at, control } = createStages(conformanceCases);
    const listener = getRequestListener(async (request, env) => {
      const stage = at(new URL(request.url).pathname);
      if (stage === undefined) return new Response(null, { status: 404 });
      const { remoteAddress } = (env as HttpBindings).incoming.socket;
      const handler = fetchWebhook(
        stage.verifier,
        async (event) => {
          const answer = await stage.handle(event);
          return typeof answer === "object" ? new Response(null, { status: answer.status }) : undefined;
        },
        // on TCP, no address means that the connection is gone
        { address: remoteAddress ?? "", protocol: "http" },
      );
      return handler(request);
    });
    return { ...(await listening(createServer(listener))), control };
  },
};

type ToEvent = (request: RawRequest, body: Uint8Array) => object;

const createLambda = (name: string, toEvent: ToEvent): Harness => ({
  name,
  traits: ["methods", "any-type"],
  forms: ["handler"],
  async open() {
    const { at, control } = createStages(conformanceCases);
    return {
      port: undefined,
      control,
      async send(request) {
        const stage = at(request.target);
        if (stage === undefined) return { status: 404, headers: [], body: "" };
        const handler = lambdaWebhook(stage.verifier, async (event) => {
          const answer = await stage.handle(event);
          return typeof answer === "object" ? { statusCode: answer.status } : undefined;
        });
        const body = Buffer.concat([request.body].flat() as Uint8Array[]);
        const context = { getRemainingTimeInMillis: () => 10_000 } as Context;
        return toResponse(await handler(toEvent(request, body) as LambdaHttpEvent, context));
      },
      close: async () => {},
    };
  },
});

function toResponse({ statusCode, headers, multiValueHeaders, body }: LambdaHttpResult): RawResponse {
  const lines = [...Object.entries(headers ?? {}), ...Object.entries(multiValueHeaders ?? {})];
  return { status: statusCode, headers: lines.map(([line, value]) => [line.toLowerCase(), String(value)]), body: body ?? "" };
}

const splitTarget = ({ target }: RawRequest): { path: string; query: string } => {
  const [path = "", ...query] = target.split("?");
  return { path, query: query.join("?") };
};
const record = (pairs: Iterable<readonly [string, string]>): Record<string, string> => Object.fromEntries(pairs);
const lists = (pairs: Iterable<readonly [string, string]>): Record<string, string[]> => {
  const found: Record<string, string[]> = {};
  for (const [name, value] of pairs) found[name] = [...(found[name] ?? []), value];
  return found;
};
const base64 = (body: Uint8Array): object => ({ body: Buffer.from(body).toString("base64"), isBase64Encoded: true });

export const lambdaHttp = createLambda("Lambda by API Gateway HTTP", (request, body) => {
  const { path, query } = splitTarget(request);
  const headers = new Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  const http = { method: request.method, path, sourceIp: "203.0.113.1", protocol: "HTTP/1.1" };
  return { version: "2.0", rawPath: path, rawQueryString: query, headers: record(headers), requestContext: { http }, ...base64(body) };
});

export const lambdaRest = createLambda("Lambda by API Gateway REST", (request, body) => {
  const { path, query } = splitTarget(request);
  const parameters = new URLSearchParams(query);
  return {
    httpMethod: request.method,
    path,
    headers: record(request.headers),
    multiValueHeaders: lists(request.headers),
    queryStringParameters: record(parameters),
    multiValueQueryStringParameters: lists(parameters),
    requestContext: { path, identity: { sourceIp: "203.0.113.1" } },
    ...base64(body),
  };
});

export const lambdaAlb = createLambda("Lambda by a load balancer", (request, body) => {
  const { path, query } = splitTarget(request);
  const parameters = query.split("&").flatMap((one): [string, string][] => (one === "" ? [] : [one.split("=", 2) as [string, string]]));
  return {
    httpMethod: request.method,
    path,
    multiValueHeaders: lists([...request.headers, ["x-forwarded-for", "203.0.113.1"], ["x-forwarded-proto", "https"]]),
    multiValueQueryStringParameters: lists(parameters),
    requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:0:targetgroup/t/1" } },
    ...base64(body),
  };
});
