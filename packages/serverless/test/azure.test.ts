import { HttpRequest, InvocationContext } from "@azure/functions";
import { ConfigurationError, webhook } from "@countersign/serverless/azure";
import { describe, expect, it } from "vitest";
import { type Signed, signed, tampered, watched } from "./acme.js";

const FRONT = { "x-forwarded-for": "198.51.100.1, 203.0.113.9:4711", "x-forwarded-proto": "https" };
const HOPS = { trustedProxies: { hops: 1 } };

const requestOf = ({ headers, body }: Signed, front: Record<string, string> = FRONT): HttpRequest =>
  new HttpRequest({
    method: "POST",
    url: "https://app.azurewebsites.net/api/acme",
    headers: { ...headers, ...front },
    body: { string: body },
  });

const context = new InvocationContext({ functionName: "acme" });

describe("webhook", () => {
  it("hands a genuine delivery to the handler, with the request and the invocation's context", async () => {
    const seen: unknown[][] = [];
    const handler = webhook(watched(HOPS).verifier, async (...args) => void seen.push(args));
    const request = requestOf(signed());
    expect(await handler(request, context)).toEqual({ status: 200, headers: {} });
    expect(seen[0]?.[0]).toMatchObject({ type: "order.paid" });
    expect(seen[0]?.slice(1)).toEqual([request, context]);
  });

  it("refuses a body changed by one byte", async () => {
    const { verifier, records } = watched(HOPS);
    const response = await webhook(verifier, () => expect.unreachable())(requestOf(tampered(signed())), context);
    expect(response).toMatchObject({ status: 401, headers: { "content-type": "application/problem+json" } });
    expect(JSON.parse(String(response.body))).toMatchObject({ status: 401 });
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("answers a second delivery of an event with success, and does not run the handler again", async () => {
    let runs = 0;
    const handler = webhook(watched(HOPS).verifier, async () => void runs++);
    const delivery = signed();
    await handler(requestOf(delivery), context);
    expect((await handler(requestOf(delivery), context)).status).toBe(200);
    expect(runs).toBe(1);
  });

  it("sends an answer with a status, and runs the handler again after one that is no success", async () => {
    const answers = [{ status: 503 }, { status: 202, jsonBody: { taken: true } }];
    const handler = webhook(watched(HOPS).verifier, async () => answers.shift());
    const delivery = signed();
    expect(await handler(requestOf(delivery), context)).toEqual({ status: 503 });
    expect(await handler(requestOf(delivery), context)).toEqual({ status: 202, jsonBody: { taken: true } });
  });

  it.each([null, "text", { status: "failed" }, { status: "503 later" }, { status: "v503" }])(
    "ignores the returned value %j",
    async (value) => {
      const handler = webhook(watched(HOPS).verifier, async () => value);
      expect((await handler(requestOf(signed()), context)).status).toBe(200);
    },
  );

  it("answers 500 for a handler that throws", async () => {
    const { verifier, records } = watched(HOPS);
    const handler = webhook(verifier, async () => {
      throw new Error("out of stock");
    });
    expect((await handler(requestOf(signed()), context)).status).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("knows the protocol only from the front end that the verifier trusts", async () => {
    const { verifier, records } = watched();
    expect((await webhook(verifier, () => expect.unreachable())(requestOf(signed()), context)).status).toBe(403);
    expect(records[0]?.code).toBe("HTTPS_REQUIRED");
  });

  it("takes the client's address from the right of what the front end forwards", async () => {
    const send = async (allow: string[]): Promise<number | undefined> =>
      (await webhook(watched({ ...HOPS, allow }).verifier, async () => {})(requestOf(signed()), context)).status;
    expect(await send(["203.0.113.9"])).toBe(200);
    expect(await send(["198.51.100.1"])).toBe(403);
  });

  it("takes address and protocol from its third argument", async () => {
    const { verifier } = watched({ allow: ["203.0.113.9"] });
    const handler = webhook(
      verifier,
      async () => {},
      (_request, { functionName }) => ({
        address: functionName === "acme" ? "203.0.113.9" : undefined,
        protocol: "https",
      }),
    );
    expect((await handler(requestOf(signed(), {}), context)).status).toBe(200);
  });

  it("refuses a request whose body was read, with a coded 500", async () => {
    const { verifier, records } = watched(HOPS);
    const request = requestOf(signed());
    await request.json();
    expect((await webhook(verifier, () => expect.unreachable())(request, context)).status).toBe(500);
    expect(records[0]).toMatchObject({ code: "BODY_ALREADY_PARSED", detail: expect.stringContaining("request.clone()") });
  });

  it.each([Number.NaN, 0, 200.5, 1000])("takes a status of %s for a failure, and says so", async (status) => {
    const { verifier, records } = watched(HOPS);
    const answers = [{ status }];
    const handler = webhook(verifier, async () => answers.shift());
    const delivery = signed();
    expect((await handler(requestOf(delivery), context)).status).toBe(500);
    expect(records[0]).toMatchObject({ code: "HANDLER_FAILED", cause: { message: expect.stringContaining(`status ${status}`) } });
    expect((await handler(requestOf(delivery), context)).status).toBe(200);
    expect(records[1]?.duplicate).toBeUndefined();
  });

  it("takes digits for the status that Azure makes of them", async () => {
    const { verifier, records } = watched(HOPS);
    const answers: unknown[] = [{ status: "503" }, { status: "1000" }, { status: "202" }];
    const handler = webhook(verifier, async () => answers.shift());
    const delivery = signed();
    expect(await handler(requestOf(delivery), context)).toEqual({ status: "503" });
    expect((await handler(requestOf(delivery), context)).status).toBe(500);
    expect(await handler(requestOf(delivery), context)).toEqual({ status: "202" });
    expect(records.map(({ code, status }) => [code, status])).toEqual([
      ["HANDLER_FAILED", 503],
      ["HANDLER_FAILED", 500],
      [undefined, 202],
    ]);
  });

  it.each([
    ["the context of the v3 model", { log() {}, bindings: {}, req: { method: "POST", url: "https://hooks.example.com/" } }],
    ["a queue's message", "hello"],
    ["nothing", undefined],
  ])("says of %s that it is no request of the v4 model", async (_, given) => {
    const { verifier, records } = watched(HOPS);
    expect((await webhook(verifier, () => expect.unreachable())(given as never, context)).status).toBe(500);
    expect(records[0]).toMatchObject({ code: "MISCONFIGURED", detail: expect.stringContaining("v4 programming model") });
  });

  it("throws while being made for what is no verifier", () => {
    expect(() => webhook(undefined as never, async () => {})).toThrow(ConfigurationError);
  });
});
