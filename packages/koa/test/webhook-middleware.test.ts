import { PassThrough } from "node:stream";
import { memoryStore } from "@countersign/core";
import Router from "@koa/router";
import type { Middleware, ParameterizedContext } from "koa";
import { describe, expect, it } from "vitest";
import { type AcmeEvent, acmeVerifier, outcomes, signed } from "../../express/test/acme.js";
import { dial, gate, open, waitFor } from "../../express/test/session.js";
import { webhook } from "../src/index.js";
import { makeApp, VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook(verifier) on %s", (_version, make) => {
  it("leaves the event in its place, and the body for later parsers", async () => {
    const { verifier, records } = acmeVerifier();
    const router = new Router();
    const seen: AcmeEvent[] = [];
    router.post("/hooks", webhook(verifier), (ctx) => {
      seen.push(ctx.state.webhook.event);
      ctx.body = (ctx.request as { body?: unknown }).body;
    });
    const app = makeApp(make);
    app.use(router.routes());
    const { url } = await open(app.callback());
    const delivery = signed();
    const response = await fetch(`${url}/hooks`, delivery);
    expect([response.status, await response.text()]).toEqual([200, delivery.body]);
    expect(seen[0]?.type).toBe("order.paid");
    const again = await fetch(`${url}/hooks`, delivery);
    expect([again.status, await again.text()]).toEqual([200, ""]);
    expect(outcomes(records)).toEqual([undefined, undefined]);
  });

  it("refuses what is not signed, and passes nothing on", async () => {
    const { verifier } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier)).use(() => expect.unreachable());
    const { url } = await open(app.callback());
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  });

  it.each<[string, Middleware | undefined]>([
    ["sets nothing", () => {}],
    ["is not there", undefined],
  ])("says so with a 500 where the handler %s, which Koa would answer 404", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier));
    if (handler !== undefined) app.use(handler);
    const { url } = await open(app.callback());
    const delivery = signed();
    expect((await fetch(url, delivery)).status).toBe(500);
    expect((await fetch(url, delivery)).status).toBe(500);
    expect(outcomes(records)).toEqual(["NOBODY_REPLIED", "NOBODY_REPLIED"]);
  });

  it.each<[string, Middleware, number]>([
    [
      "a status that is no success",
      (ctx) => {
        ctx.status = 422;
      },
      422,
    ],
    [
      "a 404 that was set",
      (ctx) => {
        ctx.status = 404;
      },
      404,
    ],
    ["a throw", (ctx) => ctx.throw(503), 503],
  ])("releases after %s", async (_title, handler, status) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier)).use(handler);
    const { url } = await open(app.callback());
    const delivery = signed();
    expect((await fetch(url, delivery)).status).toBe(status);
    expect((await fetch(url, delivery)).status).toBe(status);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it.each([
    ["a throw", async () => Promise.reject(new Error("no"))],
    [
      "a throw of a handler that had taken Node's own response",
      async (ctx: ParameterizedContext) => {
        ctx.respond = false;
        throw new Error("no");
      },
    ],
  ])("lets no middleware before it make a success of %s", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use((ctx, next) =>
      next().catch(() => {
        ctx.body = "fine";
      }),
    );
    app.use(webhook(verifier)).use(handler);
    const { url } = await open(app.callback());
    const response = await fetch(url, signed());
    expect([response.status, await response.text()]).toEqual([500, "fine"]);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("lets no middleware before it make a success of another answer, or of a refusal", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(async (ctx, next) => {
      await next();
      ctx.body = { code: ctx.status };
      ctx.status = 200;
    });
    app.use(webhook(verifier)).use((ctx) => {
      ctx.status = 503;
    });
    const { url } = await open(app.callback());
    const answers = [await fetch(url, signed()), await fetch(url, { ...signed(), body: "{}" })];
    expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.json()]))).toEqual([
      [500, { code: 503 }],
      [500, { code: 401 }],
    ]);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "SIGNATURE_MISMATCH"]);
  });

  it("judges what a handler sends on Node's own response", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier)).use((ctx) => {
      ctx.respond = false;
      setImmediate(() => ctx.res.writeHead(503).end());
    });
    const { url } = await open(app.callback());
    expect((await fetch(url, signed())).status).toBe(503);
    await waitFor(() => outcomes(records).length === 1);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("bears with a stream that fails while the event is being committed", async () => {
    const store = memoryStore();
    const { commit } = store;
    const body = new PassThrough();
    store.commit = async (...values) => {
      await new Promise((resolve) => body.on("close", resolve).destroy(new Error("torn")));
      return commit.apply(store, values);
    };
    const { verifier, records } = acmeVerifier({ store });
    const app = makeApp(make);
    app.use(webhook(verifier)).use((ctx) => {
      ctx.body = body;
    });
    const { url } = await open(app.callback());
    await fetch(url, signed()).then(
      ({ status }) => expect(status).toBe(500),
      (error) => expect(error).toBeInstanceOf(TypeError),
    );
    expect(outcomes(records)).toEqual([undefined]);
  });

  it("commits by the status after the sender has hung up", async () => {
    const { verifier, records } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = makeApp(make);
    app.use(webhook(verifier)).use(async (ctx) => {
      runs++;
      await working.promise;
      ctx.status = 204;
    });
    const { url, port } = await open(app.callback());
    const delivery = signed();
    const socket = dial(port, delivery);
    await waitFor(() => runs === 1);
    socket.end();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await fetch(url, delivery)).status).toBe(503);
    working.open();
    await waitFor(() => outcomes(records).length === 2);
    expect((await fetch(url, delivery)).status).toBe(200);
    expect(runs).toBe(1);
  });

  it("lets close() wait for the handlers under way", async () => {
    const { verifier } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = makeApp(make);
    app.use(webhook(verifier)).use(async (ctx) => {
      runs++;
      await working.promise;
      ctx.status = 204;
    });
    const { url } = await open(app.callback());
    const first = fetch(url, signed());
    await waitFor(() => runs === 1);
    let isClosed = false;
    const closing = verifier.close().then(() => {
      isClosed = true;
    });
    expect((await fetch(url, signed())).status).toBe(503);
    expect(isClosed).toBe(false);
    working.open();
    expect((await first).status).toBe(204);
    await closing;
  });
});
