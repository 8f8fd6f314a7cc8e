import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { type CallHandler, Controller, HttpCode, Post, Req, Res, StreamableFile } from "@nestjs/common";
import { first, type Observable, of, type TimeoutConfig, timeout } from "rxjs";
import { describe, expect, it } from "vitest";
import { createHeldHandler, expectHeldClaim } from "../../fastify/test/held-handler.js";
import { observed, send, storeOfSlowCommits, toBody } from "../../fastify/test/sender.js";
import { Event, Webhook, type WebhookEvent } from "../src/index.js";
import { createListen, platforms } from "./app.js";

const listen = createListen();

const answer = (response: unknown): unknown => (response as { send(body: string): unknown }).send("fine");

describe.each(platforms)("Webhook on $platform", ({ createAdapter }) => {
  it.each<[string, (value: unknown) => unknown, TimeoutConfig<unknown, Observable<unknown>>]>([
    ["stopped waiting for the handler", () => undefined, { each: 30 }],
    ["answered a success in the handler's place", () => undefined, { each: 30, with: () => of("late") }],
    ["stopped waiting behind a success that the handler has sent", (response) => answer(response), { each: 30 }],
  ])("keeps the claim on its lease when an interceptor has %s", async (_, act, waiting) => {
    const { verifier, records } = observed();
    let finish = (): void => {};
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Res({ passthrough: true }) response: unknown) {
        act(response);
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
    }
    const port = await listen(createAdapter, Hooks, {
      setUp: (app: { useGlobalInterceptors(one: object): void }) =>
        app.useGlobalInterceptors({ intercept: (_context: unknown, next: CallHandler) => next.handle().pipe(timeout(waiting)) }),
    });
    const body = toBody();
    expect((await send(port, body)).status).toBe(500);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["CLAIM_BUSY"]);
    finish();
  });

  it.each([
    ["nothing", undefined, 200],
    ["null", null, 200],
    ["a value", { done: true }, 201],
  ])("commits when an interceptor takes the first that the handler returns, which is %s", async (_, returned, status) => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle() {
        return returned;
      }
    }
    const port = await listen(createAdapter, Hooks, {
      setUp: (app: { useGlobalInterceptors(one: object): void }) =>
        app.useGlobalInterceptors({ intercept: (_context: unknown, next: CallHandler) => next.handle().pipe(first()) }),
    });
    expect((await send(port)).status).toBe(status);
    expect(records.map(({ outcome, code }) => [outcome, code])).toEqual([["accepted", undefined]]);
  });

  it("commits before the reply leaves", async () => {
    const order: string[] = [];
    const { verifier } = observed({ store: storeOfSlowCommits(() => order.push("committed")) });
    @Controller()
    class Hooks {
      @Post(["silent", "returned"])
      @Webhook(verifier)
      handle(@Req() request: { url: string }) {
        return request.url === "/silent" ? undefined : "ok";
      }
    }
    const port = await listen(createAdapter, Hooks);
    for (const path of ["/silent", "/returned"]) {
      expect((await send(port, toBody(), { path })).ok).toBe(true);
      order.push("replied");
    }
    expect(order).toEqual(["committed", "replied", "committed", "replied"]);
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
    const port = await listen(createAdapter, Hooks);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    await Promise.all(ended);
    await new Promise(setImmediate);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT", "CLAIM_BUSY"]);
  });

  it.each<[string, () => unknown]>([
    ["nothing", () => undefined],
    ["a value", () => ({ done: true })],
    ["a stream", () => new StreamableFile(Readable.from(["done"]))],
  ])("runs the handler to its end when the sender hangs up, and commits then, if it returns %s", async (_, toReturned) => {
    const { verifier, records } = observed();
    const held = createHeldHandler();
    @Controller()
    class Hooks {
      @Post("hook")
      @HttpCode(200)
      @Webhook(verifier)
      async handle(@Req() request: { socket: NodeJS.EventEmitter }) {
        await held.hold(request.socket);
        return toReturned();
      }
    }
    await expectHeldClaim(await listen(createAdapter, Hooks), held, records);
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
    const port = await listen(createAdapter, Hooks);
    await expect(send(port)).rejects.toThrow();
    await expect.poll(() => records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });
});
