import type { ServerResponse } from "node:http";
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
  UseFilters,
  UseGuards,
  UseInterceptors,
} from "@nestjs/common";
import { map, type Observable, of } from "rxjs";
import { describe, expect, it } from "vitest";
import { observed, send, toBody, toSignature } from "../../fastify/test/sender.js";
import { Event, type EventFrom, Webhook, type WebhookEvent } from "../src/index.js";
import { createListen, platforms } from "./app.js";

const listen = createListen();

/** Answers 200 to whatever goes wrong. */
@Catch()
class Soothe implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(200).header("x-own", "1").send({ ok: true });
  }
}

describe.each(platforms)("Webhook on $platform", ({ createAdapter }) => {
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
    const port = await listen(createAdapter, Hooks);
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
    const port = await listen(createAdapter, Hooks);
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
      @Post("silent")
      @HttpCode(503)
      @Webhook(verifier)
      fall() {}
    }
    const port = await listen(createAdapter, Hooks);
    const response = await send(port);
    expect([response.status, await response.json()]).toEqual([201, { queued: true }]);
    expect((await send(port, toBody(), { path: "/teapot" })).status).toBe(418);
    expect((await send(port, toBody(), { path: "/silent" })).status).toBe(503);
    expect(records.map(({ status, code }) => [status, code])).toEqual([
      [201, undefined],
      [418, "HANDLER_FAILED"],
      [503, "HANDLER_FAILED"],
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
    const port = await listen(createAdapter, Hooks);
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
    const port = await listen(createAdapter, Hooks);
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
    const port = await listen(createAdapter, Hooks);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toEqual([507, { statusCode: 507, message: "own" }]);
    expect((await send(port, body)).status).toBe(200);
    expect(runs).toBe(2);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", undefined]);
    expect(records[0]?.cause).toMatchObject({ message: "own" });
  });

  it("leaves the reply to a filter that takes its time", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @UseFilters({
        catch: async (_error: unknown, host: ArgumentsHost) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          host.switchToHttp().getResponse().status(507).send("own");
        },
      })
      @Webhook(verifier)
      handle() {
        throw new Error("broken");
      }
    }
    const response = await send(await listen(createAdapter, Hooks));
    expect([response.status, await response.text()]).toEqual([507, "own"]);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
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
    const port = await listen(createAdapter, Hooks);
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
    const port = await listen(createAdapter, Hooks, {
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
    const port = await listen(createAdapter, Hooks);
    expect(await (await send(port)).json()).toEqual({ data: 1 });
    expect(records[0]?.status).toBe(201);
  });
});
