import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance } from "fastify";
import Fastify4 from "fastify4";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ConfigurationError,
  createVerifier,
  VerificationError,
  WebhookError,
  type WebhookEvent,
  webhook,
  webhookOf,
} from "../src/index.js";
import { exchange, observed, send, toBody, toSignature } from "./sender.js";

const majors = [
  { major: 5, create: (options = {}): FastifyInstance => Fastify(options) },
  { major: 4, create: (options = {}): FastifyInstance => Fastify4(options) as unknown as FastifyInstance },
];

const apps: FastifyInstance[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): unknown => unhandled.push(reason);

beforeEach(() => {
  process.on("unhandledRejection", onUnhandled);
  process.on("uncaughtException", onUnhandled);
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await new Promise(setImmediate);
  process.off("unhandledRejection", onUnhandled);
  process.off("uncaughtException", onUnhandled);
  expect(unhandled.splice(0)).toEqual([]);
});

async function listen(app: FastifyInstance): Promise<number> {
  apps.push(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
}

describe.each(majors)("webhook on Fastify $major, as the whole route", ({ create }) => {
  it("hands over the verified event, commits, and sends the provider's success reply", async () => {
    const app = create();
    const { verifier, records } = observed();
    const seen: WebhookEvent[] = [];
    app.post(
      "/hook",
      webhook(verifier, async (event) => void seen.push(event)),
    );
    const port = await listen(app);
    const body = toBody();

    const first = await send(port, body);
    expect([first.status, await first.text()]).toEqual([200, ""]);
    expect(seen[0]?.payload).toEqual(JSON.parse(body));
    expect(Buffer.from(seen[0]?.rawBody as Uint8Array).toString()).toBe(body);
    expect((await send(port, body)).status).toBe(200);
    expect(seen).toHaveLength(1);
    expect(records.map(({ outcome, status }) => [outcome, status])).toEqual([
      ["accepted", 200],
      ["duplicate", 200],
    ]);
  });

  it("refuses a body changed by one byte, with a reply that no hook of the app touches", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("onSend", async () => "changed by the app");
    app.post(
      "/hook",
      webhook(verifier, async () => expect.unreachable()),
    );
    const port = await listen(app);
    const body = toBody();

    const response = await send(port, body.replace("1200", "1201"), { headers: { "acme-signature": toSignature(body) } });
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ title: "Unauthorized", status: 401 });
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("sends what the handler sent through reply, and commits by its status", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.code(202).send({ queued: true }); // not returned, and still the answer
      }),
    );
    const port = await listen(app);

    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toEqual([202, { queued: true }]);
    expect(records.map(({ outcome, status }) => [outcome, status])).toEqual([["accepted", 202]]);
    await send(port, body);
    expect(records[1]?.outcome).toBe("duplicate");
  });

  it.each([503, 404, 302])("releases after the handler's %i, so that a retry runs it again", async (status) => {
    const app = create();
    const { verifier } = observed();
    let runs = 0;
    app.post(
      "/hook",
      webhook(verifier, (_event, _request, reply) => {
        runs++;
        return reply.code(status).send("no");
      }),
    );
    const port = await listen(app);
    const body = toBody();
    expect((await send(port, body, { redirect: "manual" })).status).toBe(status);
    expect((await send(port, body, { redirect: "manual" })).status).toBe(status);
    expect(runs).toBe(2);
  });

  it("takes a status that was set for an answer, also if nothing was sent", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => void reply.code(503)),
    );
    const port = await listen(app);
    expect((await send(port)).status).toBe(503);
    expect(records[0]).toMatchObject({ status: 503, code: "HANDLER_FAILED" });
  });

  it("ignores what the handler returns without sending it", async () => {
    const app = create();
    const { verifier } = observed();
    app.post(
      "/hook",
      webhook(verifier, async () => ({ statusCode: 500, secret: "not for the provider" })),
    );
    const port = await listen(app);
    const response = await send(port);
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("releases when the handler throws, and leaves the reply to Fastify's error handling", async () => {
    const app = create();
    const { verifier, records } = observed();
    let runs = 0;
    app.post(
      "/hook",
      webhook(verifier, async () => {
        if (++runs === 1) throw Object.assign(new Error("broken"), { statusCode: 507 });
      }),
    );
    const port = await listen(app);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toMatchObject([507, { message: "broken" }]);
    expect((await send(port, body)).status).toBe(200);
    expect(runs).toBe(2);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", undefined]);
    expect(records[0]?.cause).toMatchObject({ message: "broken" });
  });

  it.each([
    ["an error", new Error("broken")],
    ["text", "broken"],
    ["nothing", undefined],
  ])("replaces a success that an error handler made of %s that was thrown", async (_what, thrown) => {
    const app = create();
    const { verifier, records } = observed();
    app.setErrorHandler((_error, _request, reply) => reply.code(200).header("x-own", "1").send({ ok: true }));
    app.post(
      "/hook",
      webhook(verifier, () => {
        throw thrown;
      }),
    );
    const port = await listen(app);
    const response = await send(port);
    expect(response.status).toBe(500);
    expect(response.headers.get("x-own")).toBeNull();
    expect(await response.json()).toMatchObject({ status: 500, title: "Internal Server Error" });
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("replaces an answer that waits in a slow hook when the handler throws after it", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("onSend", async (_request, _reply, payload) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return payload;
    });
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.send("ok");
        throw new Error("broken");
      }),
    );
    const port = await listen(app);
    expect((await send(port)).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("commits before the reply leaves", async () => {
    const app = create();
    const order: string[] = [];
    const { verifier } = observed({
      store: {
        durable: false,
        claim: async () => ({ outcome: "claimed", repeats: false }),
        renew: async () => "ok",
        commit: async () => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          order.push("committed");
          return "ok";
        },
        release: async () => {},
      },
    });
    app.addHook("onResponse", async () => void order.push("replied"));
    app.post(
      "/sent",
      webhook(verifier, (_event, _request, reply) => reply.send("ok")),
    );
    app.post(
      "/silent",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    await send(port, toBody(), { path: "/sent" });
    await send(port, toBody(), { path: "/silent" });
    expect(order).toEqual(["committed", "replied", "committed", "replied"]);
  });

  it("hands the event to a sink, and commits when it has it", async () => {
    const app = create();
    const { verifier, records } = observed();
    const kept: string[] = [];
    app.post("/hook", webhook(verifier, { accept: async (event, { signal }) => void kept.push(`${event.type} ${signal.aborted}`) }));
    app.post("/broken", webhook(verifier, { accept: () => Promise.reject(new Error("full")) }));
    const port = await listen(app);
    expect((await send(port)).status).toBe(200);
    expect((await send(port, toBody(), { path: "/broken" })).status).toBe(500);
    expect(kept).toEqual(["order.paid false"]);
    expect(records.map(({ code }) => code)).toEqual([undefined, "HANDLER_FAILED"]);
  });

  it.each(["application/json", "text/x-odd", "application/x-www-form-urlencoded", "nonsense;;", ""])(
    "takes the content type %j without asking a parser",
    async (type) => {
      const app = create({ bodyLimit: 4 });
      const { verifier, records } = observed();
      app.addContentTypeParser("*", (_request, _payload, done) => done(new Error("a parser was asked")));
      app.post(
        "/hook",
        webhook(verifier, async () => {}),
      );
      const port = await listen(app);
      const body = toBody();
      const line = type === "" ? "" : `Content-Type: ${type}\r\n`;
      const { text } = await exchange(
        port,
        `POST /hook HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${line}Content-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`,
      );
      expect(text).toMatch(/^HTTP\/1.1 200 /);
      expect(records[0]?.outcome).toBe("accepted");
    },
  );

  it("leaves the parsers of sibling routes, and the app's body limit there", async () => {
    const app = create({ bodyLimit: 100 });
    const { verifier } = observed();
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    app.post("/json", async (request) => request.body);
    const port = await listen(app);
    const post = (body: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/json`, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await (await post('{"a":1}')).json()).toEqual({ a: 1 });
    expect((await post("nonsense")).status).toBe(400);
    expect((await post(JSON.stringify({ a: "x".repeat(200) }))).status).toBe(413);
    const long = JSON.stringify({ id: "long", type: "x".repeat(200) });
    expect((await send(port, long)).status).toBe(200);
  });

  it("gives the request its headers back", async () => {
    const app = create();
    const { verifier } = observed();
    const seen: unknown[] = [];
    app.post(
      "/hook",
      webhook(verifier, async (_event, { headers }) => void seen.push(headers["content-type"], headers["content-length"])),
    );
    const port = await listen(app);
    const body = toBody();
    await send(port, body);
    expect(seen).toEqual(["application/json", String(body.length)]);
  });

  it("answers a method that the provider does not use with 405", async () => {
    const app = create();
    const { verifier } = observed();
    app.all(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const response = await fetch(`http://127.0.0.1:${port}/hook`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await send(port)).status).toBe(200);
  });

  it("refuses a target in absolute form", async () => {
    const app = create({ rewriteUrl: () => "/hook" });
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const { text } = await exchange(port, "POST https://evil/hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(records[0]?.code).toBe("TARGET_INVALID");
  });

  it("closes the connection after a refusal that comes before the body's end", async () => {
    const app = create();
    const { verifier, records } = observed({ maxBytes: 100 });
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.write(`POST /hook HTTP/1.1\r\nHost: x\r\nAcme-Signature: ${toSignature("")}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    let written = 0;
    const pump = setInterval(() => {
      written += 0x8000;
      socket.write(`8000\r\n${"x".repeat(0x8000)}\r\n`);
    }, 1);
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(pump);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 413 [\s\S]*connection: close/i);
    expect(written).toBeLessThan(4_000_000);
    expect(records[0]?.code).toBe("BODY_TOO_LARGE");
  });

  it("runs the handler to its end when the sender hangs up, and commits then", async () => {
    const app = create();
    const { verifier, records } = observed();
    let finish = (): void => {};
    const running = new Promise<void>((started) => {
      app.post(
        "/hook",
        webhook(verifier, async () => {
          started();
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        }),
      );
    });
    const port = await listen(app);
    const body = toBody();
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`);
    await running;
    socket.destroy();
    await once(socket, "close");
    expect((await send(port, body)).status).toBe(503);
    finish();
    await expect.poll(async () => (await send(port, body)).status).toBe(200);
    expect(records.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
  });

  it("answers 500 when the handler's time is over, and keeps the claim on its lease", async () => {
    const app = create();
    const { verifier, records } = observed({ handlerTimeout: 0.05 });
    let aborted = false;
    app.post(
      "/hook",
      webhook(
        verifier,
        (event) =>
          new Promise((resolve) => {
            event.signal.addEventListener("abort", () => {
              aborted = true;
              setTimeout(resolve, 20);
            });
          }),
      ),
    );
    const port = await listen(app);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(aborted).toBe(true);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT", "CLAIM_BUSY"]);
  });

  it("keeps the claim while the handler is at work, whatever a timeout of the app's has answered", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("preHandler", async (_request, reply) => {
      setTimeout(() => {
        if (!reply.sent) reply.send(Object.assign(new Error("slow"), { statusCode: 504 }));
      }, 30);
    });
    let finish = (): void => {};
    let runs = 0;
    app.post(
      "/hook",
      webhook(verifier, async () => {
        if (++runs > 1) return;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }),
    );
    const port = await listen(app);
    const body = toBody();
    expect((await send(port, body)).status).toBe(504);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["CLAIM_BUSY"]);
    finish();
    await expect.poll(async () => (await send(port, body)).status).toBe(200);
    expect(runs).toBe(2);
  });

  it("judges a hijacked reply by its response", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.hijack();
        reply.raw.writeHead(204).end();
      }),
    );
    app.post(
      "/broken",
      webhook(verifier, async (_event, _request, reply) => {
        reply.hijack();
        reply.raw.destroy();
      }),
    );
    const port = await listen(app);
    expect((await send(port)).status).toBe(204);
    await expect(send(port, toBody(), { path: "/broken" })).rejects.toThrow();
    await expect
      .poll(() => records.map(({ code, status }) => [code, status]))
      .toEqual([
        [undefined, 204],
        ["HANDLER_FAILED", 500],
      ]);
  });

  it("fails closed where another preParsing hook stands in its place", async () => {
    const app = create();
    const { verifier } = observed();
    let runs = 0;
    const own = webhook(verifier, async () => void runs++);
    app.route({ ...own, method: "POST", url: "/hook", preParsing: async () => {} });
    app.route({ ...own, method: "POST", url: "/both", preParsing: async () => {}, preValidation: async () => {} });
    const port = await listen(app);
    expect((await send(port)).status).toBe(500);
    expect((await send(port, toBody(), { path: "/both" })).status).toBe(500);
    expect(runs).toBe(0);
  });
});

describe.each(majors)("webhook on Fastify $major, as middleware", ({ create }) => {
  it("passes the event on as request.webhook, its payload as request.body", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier), async (request) => {
      const { event } = webhookOf(request);
      expect((request as { webhook?: unknown }).webhook).toEqual({ event });
      return { type: event.type, body: request.body };
    });
    const port = await listen(app);
    const body = toBody();
    expect(await (await send(port, body)).json()).toEqual({ type: "order.paid", body: JSON.parse(body) });
    expect((await send(port, body)).headers.get("content-length")).toBe("0");
    expect(records.map(({ outcome }) => outcome)).toEqual(["accepted", "duplicate"]);
  });

  it("works inside app.route, behind a schema and a preHandler", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.route({
      method: "POST",
      url: "/hook",
      ...webhook(verifier),
      schema: { body: { type: "object", required: ["cents"] } },
      preHandler: async (request) => void request.log.info("here"),
      handler: async () => "ok",
    });
    const port = await listen(app);
    expect(await (await send(port)).text()).toBe("ok");
    expect((await send(port, JSON.stringify({ id: "bare", type: "x" }))).status).toBe(400);
    expect(records.map(({ status, code }) => [status, code])).toEqual([
      [200, undefined],
      [500, "HANDLER_FAILED"],
    ]);
  });

  it("replaces a success that an error handler made of a failure", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.setErrorHandler(async () => ({ ok: true }));
    app.post("/hook", { ...webhook(verifier), errorHandler: (_error, _request, reply) => void reply.code(200).send("fine") }, async () => {
      throw new Error("broken");
    });
    const port = await listen(app);
    expect((await send(port)).status).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("commits a stream by its status, and an empty 200", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/stream", webhook(verifier), (_request, reply) => void reply.send(Readable.from(["a", "b"])));
    app.post("/empty", webhook(verifier), async () => {});
    const port = await listen(app);
    expect(await (await send(port, toBody(), { path: "/stream" })).text()).toBe("ab");
    expect((await send(port, toBody(), { path: "/empty" })).status).toBe(200);
    expect(records.map(({ status }) => status)).toEqual([200, 200]);
  });

  it("keeps the claim when the sender hangs up, until the handler has answered", async () => {
    const app = create();
    const { verifier, records } = observed();
    const gone: Promise<unknown>[] = [];
    let started = (): void => {};
    let finish = (): void => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    app.post("/hook", webhook(verifier), async (_request, reply) => {
      gone.push(once(reply.raw, "close"));
      started();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return "done";
    });
    const port = await listen(app);
    const body = toBody();
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`);
    await running;
    socket.destroy();
    await Promise.all(gone);
    expect((await send(port, body)).status).toBe(503);
    finish();
    await expect.poll(async () => (await send(port, body)).status).toBe(200);
    expect(records.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
  });

  it("answers through inject, and refuses there", async () => {
    const app = create();
    const { verifier } = observed();
    app.post("/hook", webhook(verifier), async () => "ok");
    apps.push(app);
    const body = toBody();
    const headers = { "content-type": "application/json", "acme-signature": toSignature(body) };
    expect((await app.inject({ method: "POST", url: "/hook", headers, payload: body })).body).toBe("ok");
    expect((await app.inject({ method: "POST", url: "/hook", payload: body })).statusCode).toBe(401);
  });
});

describe("webhookOf", () => {
  it("says what is missing on a route without webhook(verifier)", async () => {
    const app = Fastify();
    app.post("/plain", async (request) => webhookOf(request));
    apps.push(app);
    const { message } = (await app.inject({ method: "POST", url: "/plain" })).json();
    expect(message).toMatch(/webhook\(verifier\)/);
  });
});

describe("index", () => {
  it("re-exports what a route needs", () => {
    expect(createVerifier).toBeTypeOf("function");
    expect(new VerificationError("HEADER_MISSING", "x")).toBeInstanceOf(WebhookError);
    expect(() => createVerifier({} as never)).toThrow(ConfigurationError);
  });
});
