import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  HttpCode,
  Post,
  Req,
  Res,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from "@nestjs/common";
import { map, type Observable, timeout } from "rxjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exchange, observed, send, toBody, toSignature } from "../../fastify/test/sender.js";
import {
  ConfigurationError,
  createVerifier,
  Event,
  type EventFrom,
  VerificationError,
  Webhook,
  WebhookError,
  type WebhookEvent,
} from "../src/index.js";
import { platforms, start } from "./app.js";

const closing: { close(): Promise<void> }[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): unknown => unhandled.push(reason);

beforeEach(() => {
  process.on("unhandledRejection", onUnhandled);
  process.on("uncaughtException", onUnhandled);
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((app) => app.close()));
  await new Promise(setImmediate);
  process.off("unhandledRejection", onUnhandled);
  process.off("uncaughtException", onUnhandled);
  expect(unhandled.splice(0)).toEqual([]);
});

/** Answers 200 to whatever goes wrong. */
@Catch()
class Soothe implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(200).header("x-own", "1").send({ ok: true });
  }
}

describe.each(platforms)("Webhook on $platform", ({ createAdapter }) => {
  const listen = async (controller: Type, options = {}): Promise<number> => {
    const { app, port } = await start(createAdapter, controller, options);
    closing.push(app);
    return port;
  };

  it("hands over the event, commits, and sends the provider's success reply", async () => {
    const { verifier, records } = observed();
    const seen: unknown[] = [];
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle(
        @Event() event: EventFrom<typeof verifier>,
        @Event("type") type: string,
        @Req() request: { webhook: unknown; body: unknown },
      ) {
        seen.push(type, event.payload, request.webhook, request.body);
      }
    }
    const port = await listen(Hooks);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([200, null, ""]);
    const [type, payload, webhook, parsed] = seen;
    expect([type, payload, parsed]).toEqual(["order.paid", JSON.parse(body), JSON.parse(body)]);
    expect((webhook as { event: WebhookEvent }).event.payload).toBe(payload);
    expect((await send(port, body)).status).toBe(200);
    expect(seen).toHaveLength(4);
    expect(records.map(({ outcome, status }) => [outcome, status])).toEqual([
      ["accepted", 200],
      ["duplicate", 200],
    ]);
  });

  it("refuses a body changed by one byte, with a reply that no filter touches", async () => {
    const { verifier, records } = observed();
    let runs = 0;
    @Controller()
    @UseFilters(Soothe)
    class Hooks {
      @UseFilters(Soothe)
      @Post("hook")
      @Webhook(verifier)
      handle() {
        runs++;
      }
    }
    const port = await listen(Hooks);
    const body = toBody();
    const response = await send(port, body.replace("1200", "1201"), { headers: { "acme-signature": toSignature(body) } });
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
      401,
      "application/problem+json",
      "no-store",
    ]);
    expect(await response.json()).toMatchObject({ title: "Unauthorized", status: 401 });
    expect([runs, records[0]?.code]).toEqual([0, "SIGNATURE_MISMATCH"]);
    expect((await send(port, body)).status).toBe(200);
  });

  it("sends what the handler returned, with Nest's own status, and commits", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle() {
        return { queued: true };
      }
      @Post("teapot")
      @HttpCode(418)
      @Webhook(verifier)
      refuse() {
        return "no";
      }
    }
    const port = await listen(Hooks);
    const response = await send(port);
    expect([response.status, await response.json()]).toEqual([201, { queued: true }]);
    expect((await send(port, toBody(), { path: "/teapot" })).status).toBe(418);
    expect(records.map(({ status, code }) => [status, code])).toEqual([
      [201, undefined],
      [418, "HANDLER_FAILED"],
    ]);
  });

  it("judges what the handler sends through @Res()", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Event("id") id: string, @Res() response: { status(code: number): { send(body: string): void } }) {
        response.status(id === "bad" ? 503 : 202).send(id);
      }
    }
    const port = await listen(Hooks);
    const good = await send(port, toBody("good"));
    expect([good.status, await good.text()]).toEqual([202, "good"]);
    expect((await send(port, toBody("bad"))).status).toBe(503);
    expect(records.map(({ status, code }) => [status, code])).toEqual([
      [202, undefined],
      [503, "HANDLER_FAILED"],
    ]);
  });

  it("lets a long stream through, once it is judged", async () => {
    const { verifier, records } = observed();
    const long = "x".repeat(3_000_000);
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Res() response: NodeJS.WritableStream & { send?(stream: Readable): unknown; raw?: ServerResponse }) {
        const stream = Readable.from([long.slice(0, 1_000_000), long.slice(1_000_000)]);
        if (response.raw === undefined) stream.pipe(response);
        else response.send?.(stream);
      }
    }
    const port = await listen(Hooks);
    const response = await send(port);
    expect((await response.text()) === long).toBe(true);
    expect(records.map(({ status }) => status)).toEqual([response.status]);
  });

  it("releases when the handler throws, and leaves the reply to Nest", async () => {
    const { verifier, records } = observed();
    let runs = 0;
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle() {
        if (++runs === 1) throw Object.assign(new Error("own"), { statusCode: 507 });
      }
    }
    const port = await listen(Hooks);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toEqual([507, { statusCode: 507, message: "own" }]);
    expect((await send(port, body)).status).toBe(200);
    expect(runs).toBe(2);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", undefined]);
    expect(records[0]?.cause).toMatchObject({ message: "own" });
  });

  it("replaces a success that a filter made of a failure, of the handler or of a later guard", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @UseFilters(Soothe)
      @Webhook(verifier)
      handle() {
        throw new Error("broken");
      }
      @Post("guarded")
      @UseFilters(Soothe)
      @UseGuards({ canActivate: () => false })
      @Webhook(verifier)
      guarded() {}
      @Post("closed")
      @UseGuards({ canActivate: () => false })
      @Webhook(verifier)
      closed() {}
    }
    const port = await listen(Hooks);
    const response = await send(port);
    expect([response.status, response.headers.get("x-own"), response.headers.get("content-type")]).toEqual([
      500,
      null,
      "application/problem+json",
    ]);
    expect(await response.json()).toMatchObject({ status: 500, title: "Internal Server Error" });
    const body = toBody();
    expect((await send(port, body, { path: "/closed" })).status).toBe(403);
    expect((await send(port, body, { path: "/guarded" })).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it("replaces a success of an interceptor that let nothing through", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const { of } = await import("rxjs");
    const port = await listen(Hooks, {
      setUp: (app: { useGlobalInterceptors(one: object): void }) => app.useGlobalInterceptors({ intercept: () => of("cached") }),
    });
    expect((await send(port)).status).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("leaves the answer to interceptors that map it", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @UseInterceptors({
        intercept: (_context: unknown, next: CallHandler): Observable<unknown> => next.handle().pipe(map((data) => ({ data }))),
      })
      @Webhook(verifier)
      handle() {
        return 1;
      }
    }
    const port = await listen(Hooks);
    expect(await (await send(port)).json()).toEqual({ data: 1 });
    expect(records[0]?.status).toBe(201);
  });

  it("keeps the claim on its lease when an interceptor has stopped waiting for the handler", async () => {
    const { verifier, records } = observed();
    let finish = (): void => {};
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
    }
    const port = await listen(Hooks, {
      setUp: (app: { useGlobalInterceptors(one: object): void }) =>
        app.useGlobalInterceptors({ intercept: (_context: unknown, next: CallHandler) => next.handle().pipe(timeout(30)) }),
    });
    const body = toBody();
    expect((await send(port, body)).status).toBe(500);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["CLAIM_BUSY"]);
    finish();
  });

  it("commits before the reply leaves", async () => {
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
    @Controller()
    class Hooks {
      @Post(["silent", "returned"])
      @Webhook(verifier)
      handle(@Req() request: { url: string }) {
        return request.url === "/silent" ? undefined : "ok";
      }
    }
    const port = await listen(Hooks);
    for (const path of ["/silent", "/returned"]) {
      expect((await send(port, toBody(), { path })).ok).toBe(true);
      order.push("replied");
    }
    expect(order).toEqual(["committed", "replied", "committed", "replied"]);
  });

  it("says how to keep raw bodies where Nest's parser has kept none", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const port = await listen(Hooks, { rawBody: false });
    const response = await send(port);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(records[0]).toMatchObject({ code: "BODY_ALREADY_PARSED", detail: expect.stringContaining("rawBody: true") });
  });

  it("answers 500 when the handler's time is over, and ignores what comes later", async () => {
    const { verifier, records } = observed({ handlerTimeout: 0.05 });
    const ended: Promise<unknown>[] = [];
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Event() event: WebhookEvent) {
        const late = new Promise((resolve) => event.signal.addEventListener("abort", () => setTimeout(resolve, 20, "late")));
        ended.push(late);
        return late;
      }
    }
    const port = await listen(Hooks);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    await Promise.all(ended);
    await new Promise(setImmediate);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT", "CLAIM_BUSY"]);
  });

  it("runs the handler to its end when the sender hangs up, and commits then", async () => {
    const { verifier, records } = observed();
    let started = (): void => {};
    let finish = (): void => {};
    const gone: Promise<unknown>[] = [];
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle(@Req() request: { raw?: { socket: NodeJS.EventEmitter }; socket: NodeJS.EventEmitter }) {
        gone.push(once(request.socket, "close"));
        started();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
    }
    const port = await listen(Hooks);
    const body = toBody();
    const socket = connect(port, "127.0.0.1");
    socket.write(
      `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`,
    );
    await running;
    socket.destroy();
    await Promise.all(gone);
    expect((await send(port, body)).status).toBe(503);
    finish();
    await expect.poll(async () => (await send(port, body)).status).toBe(200);
    expect(records.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
  });

  it("releases when the handler breaks its own response off", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Res() response: ServerResponse & { raw?: ServerResponse; hijack?(): void }) {
        response.hijack?.();
        (response.raw ?? response).destroy();
      }
    }
    const port = await listen(Hooks);
    await expect(send(port)).rejects.toThrow();
    await expect.poll(() => records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("refuses what its limits and Nest's parsers leave to it", async () => {
    const { verifier, records } = observed({ maxBytes: 100 });
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const port = await listen(Hooks);
    const { text } = await exchange(port, "POST /hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 401 /);
    expect((await send(port, toBody("x".repeat(200)))).status).toBe(413);
    expect(records.map(({ code }) => code)).toEqual(["HEADER_MISSING", "BODY_TOO_LARGE"]);
  });

  it("guards every route of a controller", async () => {
    const { verifier } = observed();
    @Controller()
    @Webhook(verifier)
    class Hooks {
      @Post("hook")
      handle(@Event("type") type: string) {
        return type;
      }
    }
    const port = await listen(Hooks);
    expect(await (await send(port)).text()).toBe("order.paid");
    expect((await fetch(`http://127.0.0.1:${port}/hook`, { method: "POST" })).status).toBe(401);
  });
});

describe("Webhook on Express, for a content type that no parser reads", () => {
  it("reads the body itself", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Event("rawBody") bytes: Uint8Array) {
        return String(bytes.length);
      }
    }
    const { app, port } = await start(platforms[0].createAdapter, Hooks);
    closing.push(app);
    const body = toBody();
    const response = await send(port, body, { headers: { "content-type": "text/x-odd" } });
    expect([response.status, await response.text(), records[0]?.outcome]).toEqual([201, String(body.length), "accepted"]);
  });

  it("closes the connection after a refusal that comes before the body's end", async () => {
    const { verifier, records } = observed({ maxBytes: 100 });
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const { app, port } = await start(platforms[0].createAdapter, Hooks);
    closing.push(app);
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
});

describe("Event", () => {
  it("says what is missing on a route without Webhook", async () => {
    @Controller()
    class Hooks {
      @Post("hook")
      handle(@Event() event: unknown) {
        return event;
      }
    }
    const messages: string[] = [];
    const { app, port } = await start(platforms[0].createAdapter, Hooks, {
      setUp: (made) =>
        void made.useGlobalFilters({
          catch: (error: Error, host: ArgumentsHost) => {
            messages.push(error.message);
            host.switchToHttp().getResponse().status(500).end();
          },
        }),
    });
    closing.push(app);
    expect((await send(port)).status).toBe(500);
    expect(messages[0]).toMatch(/@Webhook\(verifier\)/);
  });
});

describe("index", () => {
  it("re-exports what a route needs", () => {
    expect(createVerifier).toBeTypeOf("function");
    expect(new VerificationError("HEADER_MISSING", "x")).toBeInstanceOf(WebhookError);
    expect(() => createVerifier({} as never)).toThrow(ConfigurationError);
  });
});
