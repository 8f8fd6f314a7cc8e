import { PassThrough } from "node:stream";
import { defineProvider } from "@countersign/core";
import { webhook } from "@countersign/serverless/lambda";
import type { Context } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { hmac, SECRET, signed, urlSigner, watched } from "./acme.js";
import { asEvent, contextOf, eventOf, type Loose, SHAPES } from "./lambda-events.js";

/** A provider that shows a token and signs nothing, so that only the length tells of a body that got lost. */
const token = defineProvider({
  name: "token",
  algorithm: "token",
  secret: "utf8",
  token: { from: "header:x-token" },
});
const TOKEN = "a-token-of-the-tests";

describe.each(SHAPES)("webhook, by the body of a %s event", (shape) => {
  const send = async (body: unknown, length: string | undefined, more: object = {}): Promise<unknown[]> => {
    const { verifier, records } = watched({ provider: token({ secret: TOKEN }) });
    const headers = { "x-token": TOKEN, ...(length !== undefined && { "content-length": length }) };
    const request = { ...eventOf(shape, { headers, body: "" }), body, ...more };
    const { statusCode } = await webhook(verifier, async () => {})(asEvent(request), contextOf());
    return [statusCode, records[0]?.code];
  };

  it.each(["", null])("refuses %j where bytes were declared", async (body) => {
    expect(await send(body, "24")).toEqual([400, "BODY_INCOMPLETE"]);
    expect(await send(body, "24", { isBase64Encoded: body !== null })).toEqual([400, "BODY_INCOMPLETE"]);
  });

  it.each([undefined, "0"])("takes none where the declared length is %s", async (length) => {
    expect(await send("", length)).toEqual([200, undefined]);
    expect(await send(null, length)).toEqual([200, undefined]);
  });
});

describe("webhook, by the shape of its event", () => {
  const codeOf = async (request: unknown, context: unknown = contextOf()): Promise<string | undefined> => {
    const { verifier, records } = watched();
    await webhook(verifier, async () => {})(asEvent(request), context as Context);
    return records[0]?.code;
  };
  it.each(["https://elsewhere.example.com/hook", "hook", "", "*"])("refuses the path %j, which is none", async (path) => {
    expect(await codeOf({ ...eventOf("http", signed()), rawPath: path })).toBe("TARGET_INVALID");
    expect(await codeOf({ ...eventOf("alb", signed()), path })).toBe("TARGET_INVALID");
    const request = eventOf("rest", signed());
    expect(await codeOf({ ...request, path, requestContext: { ...request.requestContext, path } })).toBe("TARGET_INVALID");
  });

  it.each(["rest", "alb"] as const)("needs no body in a %s event of a method that has none", async (shape) => {
    const { body: _, ...request } = eventOf(shape, signed());
    for (const httpMethod of ["GET", "HEAD", "OPTIONS"]) expect(await codeOf({ ...request, httpMethod })).toBe("METHOD_NOT_ALLOWED");
  });

  it("refuses a delivery whose answer the runtime would ignore, since it streams", async () => {
    expect(await codeOf(eventOf("http", signed()), new PassThrough())).toBe("MISCONFIGURED");
  });

  it.each([
    ["an authorizer's question of format 1.0", "rest", { type: "REQUEST", methodArn: "arn" }, {}],
    ["an authorizer's question of format 2.0", "http", { type: "REQUEST", routeArn: "arn", identitySource: ["key"] }, {}],
    ["a WebSocket's connection", "rest", {}, { connectionId: "c=", eventType: "CONNECT", routeKey: "$connect" }],
  ] as const)("takes %s for no HTTP request", async (_, shape, more, context) => {
    const { verifier, records } = watched();
    const { body: _body, ...request } = eventOf(shape, signed());
    const event = { ...request, ...more, requestContext: { ...request.requestContext, ...context } };
    expect((await webhook(verifier, () => expect.unreachable())(asEvent(event), contextOf())).statusCode).toBe(500);
    expect(records[0]).toMatchObject({ code: "MISCONFIGURED", detail: expect.stringContaining("no HTTP request") });
  });

  it.each(["true", "false", "", 0, 1])("says that a flag of %j is neither true nor false", async (isBase64Encoded) => {
    const { verifier, records } = watched();
    await webhook(verifier, () => expect.unreachable())(asEvent({ ...eventOf("http", signed()), isBase64Encoded }), contextOf());
    expect(records[0]).toMatchObject({ code: "BODY_ALREADY_PARSED", detail: expect.stringContaining("neither true nor false") });
  });

  it("takes the path of the event where an emulator has the resource in the request context", async () => {
    const { verifier } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com" }) });
    const { headers, body } = signed();
    const request = eventOf("rest", { headers: { ...headers, "url-signature": hmac(`https://hooks.example.com/hooks/a${body}`) }, body });
    const emulated = { path: "/hooks/a", queryStringParameters: null, multiValueQueryStringParameters: null };
    const requestContext = { ...request.requestContext, path: "/{proxy+}" };
    expect((await webhook(verifier, async () => {})({ ...request, ...emulated, requestContext }, contextOf())).statusCode).toBe(200);
  });

  it("makes no header of cookies that are none", async () => {
    const seen: unknown[] = [];
    const handler = webhook(watched().verifier, async (event) => void seen.push(event.headers.get("cookie")));
    await handler({ ...eventOf("http", signed()), cookies: [] }, contextOf());
    expect(seen).toEqual([null]);
  });

  it("reads the lists of an event that has its cookies apart, as an emulator may send it", async () => {
    const request = eventOf("function-url", signed());
    const multiValueHeaders = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value]]));
    expect(await codeOf({ ...request, multiValueHeaders })).toBeUndefined();
  });

  it("says of an event with a header that is no text that it cannot be read", async () => {
    const { verifier, records } = watched();
    const request = eventOf("rest", signed());
    request.multiValueHeaders["x-one"] = [{ toString: 1 }];
    await webhook(verifier, () => expect.unreachable())(asEvent(request), contextOf());
    expect(records[0]).toMatchObject({ code: "MISCONFIGURED", detail: expect.stringContaining("a header that is no text") });
  });

  it("refuses an event that cannot be read, and does not reject", async () => {
    const broken = {
      get requestContext(): unknown {
        throw new Error("no context");
      },
    };
    expect(await codeOf(broken)).toBe("MISCONFIGURED");
  });

  const rest = (requestContext: unknown): Loose => ({ ...eventOf("rest", signed()), requestContext });

  it.each([{}, { path: "/" }, { elb: "yes" }, { identity: "me", stage: 1, apiId: null }, { serviceNetworkArn: "arn" }])(
    "does not take a request context of %j for API Gateway's",
    async (context) => {
      expect(await codeOf(rest(context))).toBe("MISCONFIGURED");
    },
  );

  it.each([{ identity: { sourceIp: "203.0.113.1" } }, { stage: "prod" }, { apiId: "id" }])(
    "takes an event written by hand, with a request context of %j",
    async (context) => {
      expect(await codeOf(rest(context))).toBeUndefined();
    },
  );

  it.each(["rest", "alb", "alb-multi-value"] as const)("reads the headers of a %s event that are not empty", async (shape) => {
    const { headers, body } = signed();
    const full = { ...headers, "x-forwarded-proto": "https" };
    const request = eventOf(shape, { headers, body });
    expect(await codeOf({ ...request, headers: full, multiValueHeaders: {} })).toBeUndefined();
    const lists = Object.fromEntries(Object.entries(full).map(([name, value]) => [name, [value]]));
    expect(await codeOf({ ...request, headers: {}, multiValueHeaders: lists })).toBeUndefined();
    expect(await codeOf({ ...request, headers: {}, multiValueHeaders: {} })).toBe(shape === "rest" ? "HEADER_MISSING" : "HTTPS_REQUIRED");
  });

  it.each(["rest", "alb"] as const)("reads the query of a %s event that is not empty", async (shape) => {
    const { verifier, records } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com/hook" }) });
    const { headers, body } = signed();
    const request = eventOf(shape, { headers: { ...headers, "url-signature": hmac(`https://hooks.example.com/hook?a=1${body}`) }, body });
    await webhook(verifier, async () => {})(
      { ...request, queryStringParameters: { a: "1" }, multiValueQueryStringParameters: {} },
      contextOf(),
    );
    expect(records[0]?.code).toBeUndefined();
  });

  it.each([
    ["?flag", { flag: [""] }, 401, 401, 401],
    ["?a=1&b=2&a=3", { a: ["1", "3"], b: ["2"] }, 401, 401, 401],
    ["?2=x&1=y", { 2: ["x"], 1: ["y"] }, 401, 401, 401],
    ["?a=1&a=2", { a: ["1", "2"] }, 200, 401, 200],
    ["?a=x:y/z", { a: ["x:y/z"] }, 401, 200, 200],
    ["?a=b=c", { a: ["b=c"] }, 401, 200, 200],
  ])("cannot always put the signed query %s together again", async (query, lists, ...outcomes) => {
    const singles = Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.at(-1)]));
    const send = async (shape: "rest" | "alb" | "alb-multi-value"): Promise<number> => {
      const { verifier } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com/hook" }) });
      const { headers, body } = signed();
      const signature = hmac(`https://hooks.example.com/hook${query}${body}`);
      const request = eventOf(shape, { headers: { ...headers, "url-signature": signature }, body });
      const several = shape === "alb" ? undefined : lists;
      const parameters = { queryStringParameters: singles, multiValueQueryStringParameters: several };
      return (await webhook(verifier, async () => {})({ ...request, ...parameters }, contextOf())).statusCode;
    };
    expect([await send("rest"), await send("alb"), await send("alb-multi-value")]).toEqual(outcomes);
  });

  it("takes the path of publicUrl for the one that an HTTP API has decoded", async () => {
    const publicUrl = "https://hooks.example.com/hooks/caf%C3%A9";
    const { verifier } = watched({ provider: urlSigner({ secret: SECRET, publicUrl }) });
    const { headers, body } = signed();
    const request = eventOf("http", { headers: { ...headers, "url-signature": hmac(`${publicUrl}?a=%7e${body}`) }, body });
    const decoded = { ...request, rawPath: "/hooks/café", rawQueryString: "a=%7e" };
    expect((await webhook(verifier, async () => {})(decoded, contextOf())).statusCode).toBe(200);
  });

  it("takes text for what it is where no content type promises more", async () => {
    const { verifier, records } = watched({ provider: token({ secret: TOKEN }) });
    const request = eventOf("http", { headers: { "x-token": TOKEN, "content-type": "text/plain" }, body: "abcd" });
    const bodies: string[] = [];
    await webhook(verifier, async (event) => void bodies.push(new TextDecoder().decode(event.rawBody)))(request, contextOf());
    expect([bodies, records[0]?.code]).toEqual([["abcd"], undefined]);
  });

  it.each(["abc", "ab*d", "ab=d"])("says that %j is no base64, though it is flagged so", async (body) => {
    expect(await codeOf({ ...eventOf("http", signed()), body, isBase64Encoded: true })).toBe("BODY_ALREADY_PARSED");
  });

  it.each([
    [
      "throws",
      {
        getRemainingTimeInMillis() {
          throw new Error("not on this platform");
        },
      },
    ],
    ["is no function", { getRemainingTimeInMillis: 30_000 }],
    ["answers no number", { getRemainingTimeInMillis: () => "soon" }],
    ["has no context", null],
  ])("knows no deadline where the remaining time %s", async (_, context) => {
    expect(await codeOf(eventOf("http", signed()), context)).toBeUndefined();
  });
});
