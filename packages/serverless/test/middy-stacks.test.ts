import { webhook } from "@countersign/serverless/middy";
import middy from "@middy/core";
import httpCors from "@middy/http-cors";
import httpResponseSerializer from "@middy/http-response-serializer";
import httpSecurityHeaders from "@middy/http-security-headers";
import { describe, expect, it } from "vitest";
import { signed, watched } from "./acme.js";
import { contextOf, eventOf, type Loose } from "./lambda-events.js";

const answer = (handler: Loose, event: Loose): Promise<Loose> => handler(event, contextOf());

describe("webhook beside Middy's own middlewares for HTTP", () => {
  const stacks = {
    "http-cors": () => httpCors({ origin: "https://example.com" }),
    "http-security-headers": () => httpSecurityHeaders(),
    "http-response-serializer": () => httpResponseSerializer({ serializers: [{ regex: /./, serializer: ({ body }) => body }] }),
  };

  it.each(Object.keys(stacks) as (keyof typeof stacks)[])("takes a handler's silence for a success, with %s", async (name) => {
    for (const isFirst of [true, false]) {
      const { verifier, records } = watched();
      const own = webhook(verifier);
      const handler = middy()
        .use(isFirst ? [own, stacks[name]()] : [stacks[name](), own])
        .handler(async () => {});
      const result = await answer(handler, eventOf("rest", signed()));
      expect([result.statusCode, records[0]?.status, records[0]?.code]).toEqual([200, 200, undefined]);
    }
  });

  it("keeps the headers that they add", async () => {
    const handler = middy()
      .use(webhook(watched().verifier))
      .use(httpCors({ origin: "https://example.com" }))
      .handler(async () => {});
    for (const shape of ["rest", "alb", "alb-multi-value"] as const) {
      const { headers, multiValueHeaders } = await answer(handler, eventOf(shape, signed()));
      expect([headers ?? multiValueHeaders].flat()[0]).toHaveProperty("Access-Control-Allow-Origin");
    }
  });

  it.each([
    ["throws", 500],
    ["answers 503", 503],
  ])("releases where a handler %s", async (act, status) => {
    const { verifier, records } = watched();
    const handler = middy()
      .use(webhook(verifier))
      .use(httpCors())
      .use(httpSecurityHeaders())
      .handler(async () => {
        if (act === "throws") throw new Error("out of stock");
        return { statusCode: 503 };
      });
    expect((await answer(handler, eventOf("rest", signed()))).statusCode).toBe(status);
    expect(records[0]).toMatchObject({ code: "HANDLER_FAILED", status });
  });

  it("shows no success to those who look at a response after an error", async () => {
    const seen: unknown[] = [];
    const handler = middy()
      .use(webhook(watched().verifier))
      .onError((request) => void seen.push(request.response))
      .handler(async () => {
        throw new Error("out of stock");
      });
    await answer(handler, eventOf("http", signed()));
    expect(seen).toEqual([undefined]);
  });

  it("leaves other values that a handler returns to those who make a response of them", async () => {
    const handler = middy()
      .use(webhook(watched().verifier))
      .after((request) => {
        request.response = { statusCode: (request.response as Loose).failed ? 503 : 200 };
      })
      .handler(async () => ({ failed: true }));
    expect((await answer(handler, eventOf("http", signed()))).statusCode).toBe(503);
  });
});
