import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { ConfigurationError, webhook } from "@countersign/serverless/fetch";
import { getRequestListener } from "@hono/node-server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Signed, signed, tampered, watched } from "./acme.js";

const URL_ = "https://hooks.example.com/webhooks/acme";
const HTTPS = { protocol: "https" } as const;

const requestOf = ({ headers, body }: Signed, url = URL_, more: Record<string, string> = {}): Request =>
  new Request(url, { method: "POST", headers: { ...headers, ...more }, body });

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("webhook", () => {
  it("hands a genuine delivery to the handler, with the request and whatever the server passes besides", async () => {
    const seen: unknown[][] = [];
    const handler = webhook(watched().verifier, async (...args: unknown[]) => void seen.push(args), HTTPS);
    const request = requestOf(signed());
    const env = { DB: "db" };
    const context = { waitUntil() {} };
    const response = await handler(request, env, context);
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(seen[0]?.[0]).toMatchObject({ type: "order.paid", signed: { body: true } });
    expect(seen[0]?.slice(1)).toEqual([request, env, context]);
  });

  it("refuses a body changed by one byte, and never runs the handler", async () => {
    const { verifier, records } = watched();
    const response = await webhook(verifier, () => expect.unreachable(), HTTPS)(requestOf(tampered(signed())));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ title: "Unauthorized", status: 401 });
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("answers a second delivery of an event with success, and does not run the handler again", async () => {
    let runs = 0;
    const handler = webhook(watched().verifier, async () => void runs++, HTTPS);
    const delivery = signed();
    expect((await handler(requestOf(delivery))).status).toBe(200);
    expect((await handler(requestOf(delivery))).status).toBe(200);
    expect(runs).toBe(1);
  });

  it("sends the handler's Response, and runs the handler again after one that is no success", async () => {
    const answers = [new Response("later", { status: 503 }), new Response("taken", { status: 202, headers: { "x-one": "1" } })];
    const handler = webhook(watched().verifier, async () => answers.shift(), HTTPS);
    const delivery = signed();
    expect((await handler(requestOf(delivery))).status).toBe(503);
    const taken = await handler(requestOf(delivery));
    expect([taken.status, taken.headers.get("x-one"), await taken.text()]).toEqual([202, "1", "taken"]);
    expect((await handler(requestOf(delivery))).status).toBe(200);
  });

  it("commits before the response leaves", async () => {
    const { verifier, records } = watched();
    await webhook(verifier, async () => new Response(null, { status: 204 }), HTTPS)(requestOf(signed()));
    expect(records[0]).toMatchObject({ outcome: "accepted", status: 204, code: undefined });
  });

  it.each([
    [
      "is the runtime's by its class alone",
      new (class extends Response {
        get [Symbol.toStringTag]() {
          return "Light";
        }
      })("no", { status: 503 }),
    ],
    ["says by its tag alone what it is", { status: 503, [Symbol.toStringTag]: "Response" }],
  ])("takes the word of a Response that %s", async (_, answer) => {
    const { verifier, records } = watched();
    expect(await webhook(verifier, async () => answer, HTTPS)(requestOf(signed()))).toBe(answer);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("ignores other returned values", async () => {
    const handler = webhook(watched().verifier, async () => ({ status: 500 }), HTTPS);
    expect((await handler(requestOf(signed()))).status).toBe(200);
  });

  it.each([
    ["an error", new Error("out of stock")],
    ["a Response", new Response(null, { status: 302, headers: { location: "/" } })],
    ["a Response of success", new Response("fine")],
    ["nothing", undefined],
  ])("answers 500 where the handler throws %s, and runs it again on the retry", async (_, thrown) => {
    const { verifier, records } = watched();
    let runs = 0;
    const handler = webhook(
      verifier,
      async () => {
        if (++runs === 1) throw thrown;
      },
      HTTPS,
    );
    const delivery = signed();
    expect((await handler(requestOf(delivery))).status).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
    expect((await handler(requestOf(delivery))).status).toBe(200);
  });

  it("hands the event to a sink", async () => {
    const ids: unknown[] = [];
    const delivery = signed();
    const sink = { accept: async (event: { id: string | undefined }) => ids.push(event.id) };
    expect((await webhook(watched().verifier, sink, HTTPS)(requestOf(delivery))).status).toBe(200);
    expect(ids).toEqual([delivery.id]);
  });

  it.each([
    ["was read", async (request: Request) => void (await request.json())],
    ["is being read", async (request: Request) => void request.body?.getReader()],
  ])("refuses a request whose body %s, and says how to read it", async (_, spoil) => {
    const { verifier, records } = watched();
    const request = requestOf(signed());
    await spoil(request);
    expect((await webhook(verifier, () => expect.unreachable(), HTTPS)(request)).status).toBe(500);
    const { code, detail = "" } = records[0] ?? {};
    expect([code, detail]).toEqual(["BODY_ALREADY_PARSED", expect.stringContaining("request.clone()")]);
    expect(detail).not.toContain("express");
  });

  it("fails for a handler that answers with Response.error(), which nobody can send", async () => {
    const { verifier, records } = watched();
    expect((await webhook(verifier, async () => Response.error(), HTTPS)(requestOf(signed()))).status).toBe(500);
    expect(records[0]).toMatchObject({ code: "HANDLER_FAILED", cause: { message: expect.stringContaining("status 0") } });
  });

  it("does not take the protocol from the URL", async () => {
    const { verifier, records } = watched();
    expect((await webhook(verifier, () => expect.unreachable())(requestOf(signed()))).status).toBe(403);
    expect(records[0]?.code).toBe("HTTPS_REQUIRED");
  });

  it("takes the protocol from the URL on Cloudflare Workers, whose URL is the platform's own", async () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    const handler = webhook(watched().verifier, async () => {});
    expect((await handler(requestOf(signed()))).status).toBe(200);
    expect((await handler(requestOf(signed(), "http://hooks.example.com/"))).status).toBe(403);
  });

  it("answers a coded 500 where the origin cannot be told", async () => {
    const { verifier, records } = watched();
    const handler = webhook(
      verifier,
      () => expect.unreachable(),
      () => {
        throw new Error("no info was passed");
      },
    );
    expect((await handler(requestOf(signed()))).status).toBe(500);
    expect(records[0]?.code).toBe("MISCONFIGURED");
  });

  it("throws while being made for a wrong handler", () => {
    expect(() => webhook(watched().verifier, undefined as never)).toThrow(ConfigurationError);
  });
});

describe("webhook on a Node server", () => {
  /** What the bridge passes besides the request. */
  type Bridge = { incoming: IncomingMessage };
  const servers: Server[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  async function listen(fetch: (request: Request, bridge: Bridge) => Promise<Response>): Promise<number> {
    const server = createServer(getRequestListener((request, env) => fetch(request, env as Bridge)));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  const fromSocket = (_request: Request, { incoming }: Bridge) => ({
    address: incoming.socket.remoteAddress ?? "",
    protocol: "http" as const,
  });

  const post = (port: number, { headers, body }: Signed): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(
        { port, host: "127.0.0.1", method: "POST", headers: { ...headers, host: `localhost:${port}` } },
        (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        },
      );
      sent.on("error", reject).end(body);
    });

  it("takes deliveries from this machine for development, and refuses a changed one", async () => {
    const seen: unknown[] = [];
    const port = await listen(
      webhook(watched().verifier, async (event, _request, { incoming }) => void seen.push([event.type, incoming.method]), fromSocket),
    );
    expect(await post(port, signed())).toBe(200);
    expect(await post(port, tampered(signed()))).toBe(401);
    expect(seen).toEqual([["order.paid", "POST"]]);
  });

  it("is not deceived by an absolute https target on a plain socket", async () => {
    const { verifier, records } = watched();
    const port = await listen(webhook(verifier, () => expect.unreachable(), fromSocket));
    const { headers, body } = signed();
    const lines = Object.entries({ ...headers, host: "evil.example", "content-length": String(body.length), connection: "close" });
    const socket = connect(port, "127.0.0.1");
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.end(`POST https://evil.example/hook HTTP/1.1\r\n${head}\r\n${body}`);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(records[0]?.code).toBe("HTTPS_REQUIRED");
  });

  it("holds the socket's address against the allowlist", async () => {
    const port = await listen(webhook(watched({ allow: ["203.0.113.9"] }).verifier, () => expect.unreachable(), fromSocket));
    expect(await post(port, signed())).toBe(403);
  });
});
