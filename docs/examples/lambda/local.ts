/** Stands in for API Gateway (HTTP, payload format 2.0) on one's own machine. */
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { handler } from "./index.js";

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const body = await buffer(request);
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    requestContext: { http: { method: request.method, path: url.pathname, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "" } },
    body: body.toString("base64"),
    isBase64Encoded: true,
  } as unknown as APIGatewayProxyEventV2;
  const context = { awsRequestId: "local", getRemainingTimeInMillis: () => 30_000 } as unknown as Context;

  const result = await handler(event, context);
  response.writeHead(result.statusCode, result.headers as Record<string, string>);
  response.end(result.body);
});

server.listen(Number(process.env.PORT ?? 3000));
