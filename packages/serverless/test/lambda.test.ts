import { ConfigurationError, type WebhookEvent, webhook } from "@countersign/serverless/lambda";
import { describe, expect, it } from "vitest";
import { hmac, SECRET, signed, tampered, urlSigner, watched } from "./acme.js";
import { asEvent, contextOf, eventOf, type Loose, SHAPES } from "./lambda-events.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The headers of a result, wherever its shape has them. */
const headersOf = (result: Loose): Record<string, string> =>
  result.headers ?? Object.fromEntries(Object.entries(result.multiValueHeaders).map(([name, [value]]: Loose) => [name, value]));

describe.each(SHAPES)("webhook for a %s event", (shape) => {
  it("hands a genuine delivery to the handler, with Lambda's own event and context", async () => {
    const { verifier } = watched();
    const seen: unknown[][] = [];
    const handler = webhook(verifier, async (...args) => void seen.push(args));
    const delivery = signed();
    const request = eventOf(shape, delivery);
    const context = contextOf();
    expect(await handler(request, context)).toMatchObject({ statusCode: 200, body: "", isBase64Encoded: false });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.[0]).toMatchObject({ id: delivery.id, type: "order.paid" });
    expect(seen[0]?.slice(1)).toEqual([request, context]);
  });

  it("refuses a body changed by one byte, and never runs the handler", async () => {
    const { verifier, records } = watched();
    const handler = webhook(verifier, () => expect.unreachable());
    const result = await handler(eventOf(shape, tampered(signed())), contextOf());
    expect(result.statusCode).toBe(401);
    expect(headersOf(result)["content-type"]).toBe("application/problem+json");
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("answers a second delivery of an event with success, and does not run the handler again", async () => {
    const { verifier, records } = watched();
    let runs = 0;
    const handler = webhook(verifier, async () => void runs++);
    const request = eventOf(shape, signed());
    await handler(request, contextOf());
    expect((await handler(request, contextOf())).statusCode).toBe(200);
    expect(runs).toBe(1);
    expect(records[1]?.duplicate).toBe("exact");
  });

  it("verifies the bytes of a base64 body", async () => {
    const { verifier } = watched();
    const bodies: string[] = [];
    const handler = webhook(verifier, async (event) => void bodies.push(new TextDecoder().decode(event.rawBody)));
    const delivery = signed({ name: "Zoë ✓" });
    const request = { ...eventOf(shape, { ...delivery, body: base64(delivery.body) }), isBase64Encoded: true };
    expect((await handler(request, contextOf())).statusCode).toBe(200);
    expect(bodies).toEqual([delivery.body]);
  });

  it("takes header names in any case", async () => {
    const { verifier } = watched();
    const { headers, body } = signed();
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    expect((await webhook(verifier, async () => {})(eventOf(shape, { headers: upper, body }), contextOf())).statusCode).toBe(200);
  });

  it("sends a statusCode object as it is, and runs the handler again after one that is no success", async () => {
    const { verifier } = watched();
    const answers = [
      { statusCode: 503, body: "later" },
      { statusCode: 202, body: "taken" },
    ];
    const handler = webhook(verifier, async () => answers.shift());
    const request = eventOf(shape, signed());
    expect(await handler(request, contextOf())).toMatchObject({ statusCode: 503, body: "later" });
    expect(await handler(request, contextOf())).toMatchObject({ statusCode: 202, body: "taken" });
    expect((await handler(request, contextOf())).statusCode).toBe(200);
    expect(answers).toHaveLength(0);
  });

  it("ignores other returned values", async () => {
    const { verifier } = watched();
    const handler = webhook(verifier, async () => ({ status: 500, rows: 1 }));
    expect(await handler(eventOf(shape, signed()), contextOf())).toMatchObject({ statusCode: 200, body: "" });
  });

  it("answers 500 for a handler that throws, and runs it again on the retry", async () => {
    const { verifier, records } = watched();
    let runs = 0;
    const handler = webhook(verifier, async () => {
      if (++runs === 1) throw new Error("out of stock");
    });
    const request = eventOf(shape, signed());
    expect((await handler(request, contextOf())).statusCode).toBe(500);
    expect(records[0]).toMatchObject({ code: "HANDLER_FAILED", cause: expect.objectContaining({ message: "out of stock" }) });
    expect((await handler(request, contextOf())).statusCode).toBe(200);
    expect(runs).toBe(2);
  });

  it.each([
    ["a parsed body", (event: Loose) => ({ ...event, body: JSON.parse(event.body) }), 500, "BODY_ALREADY_PARSED"],
    ["a parsed body that calls itself raw", (event: Loose) => ({ ...event, body: { rawBody: event.body } }), 500, "BODY_ALREADY_PARSED"],
    ["text with a base64 flag", (event: Loose) => ({ ...event, isBase64Encoded: true }), 500, "BODY_ALREADY_PARSED"],
    ["a flag that is none", (event: Loose) => ({ ...event, isBase64Encoded: "yes" }), 500, "BODY_ALREADY_PARSED"],
    ["base64 without its flag", (event: Loose) => ({ ...event, body: base64(event.body) }), 500, "BODY_ALREADY_PARSED"],
    ["null headers", (event: Loose) => ({ ...event, headers: null, multiValueHeaders: null }), 500, "MISCONFIGURED"],
    ["a null body", (event: Loose) => ({ ...event, body: null }), 401, "SIGNATURE_MISMATCH"],
    ["no request context", ({ requestContext: _, ...event }: Loose) => event, 500, "MISCONFIGURED"],
    ["a header that cannot be text", (event: Loose) => withHeader(event, "acme-signature", { toString: 1 }), 500, "MISCONFIGURED"],
  ])("refuses %s with a code", async (_, spoil, status, code) => {
    const { verifier, records } = watched();
    const handler = webhook(verifier, () => expect.unreachable());
    const result = await handler(asEvent(spoil(eventOf(shape, signed()))), contextOf());
    expect(result.statusCode).toBe(status);
    expect(records.map((record) => record.code)).toEqual([code]);
  });

  it("says that an event without headers has none", async () => {
    const { verifier, records } = watched();
    const request = { ...eventOf(shape, signed()), headers: null, multiValueHeaders: null };
    await webhook(verifier, () => expect.unreachable())(asEvent(request), contextOf());
    expect(records[0]?.detail).toContain("the event has no headers");
  });

  it("refuses base64 whose flag is not exactly true", async () => {
    const { verifier, records } = watched();
    const delivery = signed();
    const request = { ...eventOf(shape, { ...delivery, body: base64(delivery.body) }), isBase64Encoded: "yes" };
    expect((await webhook(verifier, () => expect.unreachable())(asEvent(request), contextOf())).statusCode).toBe(500);
    expect(records[0]?.code).toBe("BODY_ALREADY_PARSED");
  });

  it("refuses an event whose declared body is missing", async () => {
    const { verifier, records } = watched();
    const { headers, body } = signed();
    const { body: _, ...request } = eventOf(shape, { headers: { ...headers, "content-length": String(body.length) }, body });
    expect((await webhook(verifier, () => expect.unreachable())(asEvent(request), contextOf())).statusCode).toBe(400);
    expect(records[0]?.code).toBe("BODY_INCOMPLETE");
  });
});

function withHeader(event: Loose, name: string, value: unknown): Loose {
  if (event.multiValueHeaders !== undefined) return { ...event, multiValueHeaders: { ...event.multiValueHeaders, [name]: [value] } };
  return { ...event, headers: { ...event.headers, [name]: value } };
}

describe("webhook", () => {
  it.each([undefined, null, 7, "text", [], {}, { Records: [] }, { version: "2.0", requestContext: { http: {} } }])(
    "answers an event of unknown shape (%j) with a coded 500",
    async (event) => {
      const { verifier, records } = watched();
      const result = await webhook(verifier, () => expect.unreachable())(asEvent(event), undefined as Loose);
      expect(result.statusCode).toBe(500);
      expect(records[0]).toMatchObject({ code: "MISCONFIGURED", detail: expect.stringContaining("no HTTP request") });
    },
  );

  it("throws while being made for what is no verifier, or neither a function nor a sink", () => {
    const { verifier } = watched();
    expect(() => webhook(verifier, undefined as Loose)).toThrow(ConfigurationError);
    for (const none of [undefined, null, {}, async () => {}])
      expect(() => webhook(none as Loose, async () => {})).toThrow(/webhook.verifier/);
  });

  it.each(["rest", "alb"] as const)("refuses a %s event without any body, which AWS always sends, if only as null", async (shape) => {
    const { verifier, records } = watched();
    const { body: _, ...request } = eventOf(shape, signed());
    expect((await webhook(verifier, () => expect.unreachable())(asEvent(request), contextOf())).statusCode).toBe(400);
    expect(records[0]?.code).toBe("BODY_INCOMPLETE");
  });

  it("hands the event to a sink", async () => {
    const { verifier } = watched();
    const events: WebhookEvent[] = [];
    const handler = webhook(verifier, {
      async accept(event, { signal }) {
        expect(signal.aborted).toBe(false);
        events.push(event);
        return { statusCode: 500 };
      },
    });
    expect((await handler(eventOf("http", signed()), contextOf())).statusCode).toBe(200);
    expect(events).toHaveLength(1);
  });

  it.each(["rest", "alb-multi-value"] as const)("refuses a security header that stands twice in a %s event", async (shape) => {
    const { verifier, records } = watched();
    const request = eventOf(shape, signed());
    request.multiValueHeaders["acme-signature"].push("00");
    expect((await webhook(verifier, () => expect.unreachable())(request, contextOf())).statusCode).toBe(400);
    expect(records[0]?.code).toBe("HEADER_DUPLICATED");
  });

  it("refuses a joined security header of an event without lists", async () => {
    const { verifier } = watched();
    const request = eventOf("http", signed());
    request.headers["acme-signature"] += ",00";
    expect((await webhook(verifier, () => expect.unreachable())(request, contextOf())).statusCode).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ["rest", "192.168.196.186"],
    ["http", "15.248.3.126"],
    ["function-url", "123.123.123.123"],
    ["alb", "25.12.198.67"],
    ["alb-multi-value", "72.21.198.67"],
  ] as const)("takes the address of a %s event from the platform", async (shape, address) => {
    const send = async (allow: string[]): Promise<number> =>
      (await webhook(watched({ allow }).verifier, async () => {})(eventOf(shape, signed()), contextOf())).statusCode;
    expect(await send([address])).toBe(200);
    expect(await send(["203.0.113.9"])).toBe(403);
  });

  it("takes the rightmost forwarded entry behind a load balancer, which the client cannot write", async () => {
    const handler = webhook(watched({ allow: ["203.0.113.9"] }).verifier, async () => {});
    const { headers, body } = signed();
    const send = async (forwarded: string): Promise<number> =>
      (await handler(eventOf("alb", { headers: { ...headers, "x-forwarded-for": forwarded }, body }), contextOf())).statusCode;
    expect(await send("203.0.113.9, 198.51.100.1")).toBe(403);
    expect(await send("198.51.100.1, 203.0.113.9")).toBe(200);
    expect(await send("198.51.100.1, 203.0.113.9:4711")).toBe(200);
    expect(await send("")).toBe(403);
  });

  it.each(["alb", "alb-multi-value"] as const)("refuses plain HTTP that a load balancer let in (%s)", async (shape) => {
    const { verifier, records } = watched();
    const request = withHeader(eventOf(shape, signed()), "x-forwarded-proto", "http");
    expect((await webhook(verifier, () => expect.unreachable())(request, contextOf())).statusCode).toBe(403);
    expect(records[0]?.code).toBe("HTTPS_REQUIRED");
  });

  it("gives the handler the cookies that the platform took out of the headers", async () => {
    const cookies: unknown[] = [];
    const handler = webhook(watched().verifier, async (event) => void cookies.push(event.headers.get("cookie")));
    await handler(eventOf("function-url", signed()), contextOf());
    expect(cookies).toEqual(["cookie1; cookie2"]);
  });

  it.each([
    ["function-url", "/my/path?a=1&b=%7e&a=x+y", (event: Loose) => ({ ...event, rawQueryString: "a=1&b=%7e&a=x+y" })],
    [
      "rest",
      "/hello/world?name=a%20b%26&name=c",
      (event: Loose) => ({ ...event, multiValueQueryStringParameters: { name: ["a b&", "c"] } }),
    ],
    ["rest-empty", "/prod/no-auth", (event: Loose) => event],
    ["alb", "/?key=a+b%7e", (event: Loose) => ({ ...event, queryStringParameters: { key: "a+b%7e" } })],
    ["alb-multi-value", "/?key=1&key=%2F", (event: Loose) => ({ ...event, multiValueQueryStringParameters: { key: ["1", "%2F"] } })],
  ] as const)("rebuilds the signed URL of a %s event as %s", async (shape, target, change) => {
    const { verifier, records } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com/" }) });
    const { headers, body } = signed();
    const url = hmac(`https://hooks.example.com${target}${body}`);
    const request = change(eventOf(shape, { headers: { ...headers, "url-signature": url }, body }));
    const result = await webhook(verifier, async () => {})(request, contextOf());
    expect([result.statusCode, records[0]?.code]).toEqual([200, undefined]);
  });

  it("ends before the platform ends it: aborts the handler's signal and answers 500", async () => {
    const { verifier, records } = watched();
    let aborted = false;
    const handler = webhook(verifier, (event) => {
      event.signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const result = await handler(eventOf("http", signed()), contextOf(600));
    expect(result.statusCode).toBe(500);
    expect(aborted).toBe(true);
    expect(records[0]?.code).toBe("HANDLER_TIMEOUT");
  });

  it("takes an empty body where the event has none", async () => {
    const { verifier } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com/" }) });
    const headers = { "url-signature": hmac("https://hooks.example.com/lambda") };
    const { body: _, ...request } = eventOf("http", { headers, body: "" });
    const payloads: unknown[] = [];
    const result = await webhook(verifier, async (event) => void payloads.push(event.payload))(asEvent(request), contextOf());
    expect([result.statusCode, payloads]).toEqual([200, [undefined]]);
  });
});
