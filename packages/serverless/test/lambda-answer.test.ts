import { webhook } from "@countersign/serverless/lambda";
import { describe, expect, it } from "vitest";
import { signed, watched } from "./acme.js";
import { contextOf, eventOf, type Loose, SHAPES } from "./lambda-events.js";

const answerOf = (shape: (typeof SHAPES)[number], answer: unknown): Promise<Loose> =>
  webhook(watched().verifier, async () => answer)(eventOf(shape, signed()), contextOf());

describe.each(SHAPES)("webhook, by what its handler answers to a %s event", (shape) => {
  it.each([undefined, null, "abc", "200", Number.NaN, 200.5, 0, 99, 600, {}])(
    "takes a statusCode of %s for a failure, and says so",
    async (statusCode) => {
      const { verifier, records } = watched();
      const answers: unknown[] = [{ statusCode, body: "done" }];
      const handler = webhook(verifier, async () => answers.shift());
      const request = eventOf(shape, signed());
      expect((await handler(request, contextOf())).statusCode).toBe(500);
      expect(records[0]).toMatchObject({
        code: "HANDLER_FAILED",
        status: 500,
        cause: { message: expect.stringMatching(/^the handler answered with statusCode .*, which is no integer from 100 to 599/) },
      });
      expect((await handler(request, contextOf())).statusCode).toBe(200);
      expect(records[1]?.duplicate).toBeUndefined();
    },
  );

  it.each([100, 299, 304, 599])("takes a statusCode of %i", async (statusCode) => {
    expect((await answerOf(shape, { statusCode })).statusCode).toBe(statusCode);
  });

  it.each([{ headers: null }, { headers: undefined }, { multiValueHeaders: null }, { headers: "none", multiValueHeaders: 5 }])(
    "never throws: an answer with %j",
    async (fields) => {
      expect(await answerOf(shape, { statusCode: 202, ...fields })).toMatchObject({ statusCode: 202 });
    },
  );

  it("sends the status of an answer that has it from its class", async () => {
    class Later {
      readonly body = "later";
      get statusCode(): number {
        return 503;
      }
    }
    const { verifier, records } = watched();
    const result = await webhook(verifier, async () => new Later())(eventOf(shape, signed()), contextOf());
    expect(JSON.parse(JSON.stringify(result))).toMatchObject({ statusCode: 503, body: "later" });
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("releases where an answer cannot be read", async () => {
    const { verifier, records } = watched();
    const answer = {
      get statusCode(): number {
        throw new Error("no status");
      },
    };
    expect((await webhook(verifier, async () => answer)(eventOf(shape, signed()), contextOf())).statusCode).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });
});

describe("webhook, by what its handler answers", () => {
  it("describes the status to a load balancer", async () => {
    expect(await answerOf("alb", { statusCode: 202, headers: { "x-one": "1" } })).toEqual({
      statusCode: 202,
      statusDescription: "202 OK",
      headers: { "x-one": "1" },
      isBase64Encoded: false,
    });
    expect(await answerOf("alb", { statusCode: 503, statusDescription: "503 Later" })).toMatchObject({ statusDescription: "503 Later" });
  });

  const headers = { "x-one": "1", "X-Two": "2", "x-three": 3, "x-no": undefined, "x-none": null };
  const multiValueHeaders = { "x-two": ["a", "b"], "Set-Cookie": ["c=1", "d=2"], "x-four": "4", "x-no": [undefined] };

  it("answers a load balancer's lists with lists, which win over single values of the same name", async () => {
    expect(await answerOf("alb-multi-value", { statusCode: 202, headers, multiValueHeaders })).toEqual({
      statusCode: 202,
      statusDescription: "202 OK",
      multiValueHeaders: { "x-one": ["1"], "x-three": ["3"], "x-two": ["a", "b"], "Set-Cookie": ["c=1", "d=2"], "x-four": ["4"] },
      isBase64Encoded: false,
    });
  });

  it("joins lists for a load balancer that takes none, but for cookies, of which the last is sent", async () => {
    expect((await answerOf("alb", { statusCode: 202, headers, multiValueHeaders })).headers).toEqual({
      "x-one": "1",
      "x-three": "3",
      "x-two": "a, b",
      "Set-Cookie": "d=2",
      "x-four": "4",
    });
  });

  it("leaves an answer to API Gateway as it is", async () => {
    const answer = { statusCode: 202, headers, multiValueHeaders };
    expect(await answerOf("rest", answer)).toBe(answer);
  });

  it.each(["rest", "http", "function-url"] as const)("gives a reply of its own nothing but what API Gateway takes (%s)", async (shape) => {
    expect(await webhook(watched().verifier, async () => {})(eventOf(shape, signed()), contextOf())).toEqual({
      statusCode: 200,
      headers: {},
      body: "",
      isBase64Encoded: false,
    });
  });

  it("answers in single values where the event's lists are empty beside its headers", async () => {
    const { verifier } = watched();
    const request = { ...eventOf("alb", signed()), multiValueHeaders: {}, multiValueQueryStringParameters: {} };
    const result = await webhook(verifier, async () => ({ statusCode: 202, headers: { "x-one": "1" } }))(request, contextOf());
    expect(result).toMatchObject({ statusCode: 202, headers: { "x-one": "1" } });
    expect(result).not.toHaveProperty("multiValueHeaders");
  });
});
