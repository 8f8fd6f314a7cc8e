import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { createHeldHandler, expectHeldClaim } from "./held-handler.js";
import { observed, send, storeOfSlowCommits, toBody } from "./sender.js";

const listen = createListen();

describe.each(majors)("webhook on Fastify $major, as the whole route", ({ create }) => {
  it("commits before the reply leaves", async () => {
    const app = create();
    const order: string[] = [];
    const { verifier } = observed({ store: storeOfSlowCommits(() => order.push("committed")) });
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

  it("bears with a stream that fails while the event is being committed", async () => {
    const app = create();
    const body = new PassThrough();
    const { verifier, records } = observed({ store: storeOfSlowCommits(() => {}) });
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.send(body);
        setImmediate(() => body.destroy(new Error("torn")));
      }),
    );
    expect((await send(await listen(app))).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual([undefined]);
  });

  it("runs the handler to its end when the sender hangs up, and commits then", async () => {
    const app = create();
    const { verifier, records } = observed();
    const held = createHeldHandler();
    app.post(
      "/hook",
      webhook(verifier, (_event, _request, reply) => held.hold(reply.raw)),
    );
    await expectHeldClaim(await listen(app), held, records);
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

  it.each([
    ["has written nothing", false],
    ["has begun a success", true],
  ])("lets no hijacked reply that %s say success after the handler's time", async (_, isBegun) => {
    const app = create();
    const { verifier, records } = observed({ handlerTimeout: 0.05 });
    let isOver = false;
    app.post(
      "/hook",
      webhook(verifier, async (event, _request, reply) => {
        reply.hijack();
        if (isBegun) reply.raw.writeHead(200).write("so far");
        await new Promise<void>((resolve) => event.signal.addEventListener("abort", () => setTimeout(resolve, 20)));
        if (!isBegun) reply.raw.writeHead(200);
        reply.raw.end("late");
        isOver = true;
      }),
    );
    const port = await listen(app);
    const answer = send(port).then(async (response) => [response.status, await response.text()]);
    if (isBegun) await expect(answer).rejects.toThrow();
    else expect((await answer)[0]).toBe(500);
    await expect.poll(() => isOver).toBe(true);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT"]);
  });
});
