import { Readable } from "node:stream";
import { memoryStore } from "@countersign/core";
import type { ParameterizedContext } from "koa";
import { describe, expect, it } from "vitest";
import { type AcmeEvent, acmeVerifier, outcomes, signed } from "../../express/test/acme.js";
import { dial, gate, open, waitFor } from "../../express/test/session.js";
import { webhook } from "../src/index.js";
import { makeApp, VERSIONS } from "./versions.js";

type Handler = (event: AcmeEvent, ctx: ParameterizedContext) => unknown;

describe.each(VERSIONS)("webhook(verifier, handler) on %s", (_version, make) => {
  it("sends the success reply for a handler that answers nothing, and handles an event once", async () => {
    const { verifier, records } = acmeVerifier();
    const seen: AcmeEvent[] = [];
    const app = makeApp(make);
    app.use(webhook(verifier, async (event) => void seen.push(event)));
    const { url } = await open(app.callback());
    const delivery = signed();
    const first = await fetch(url, delivery);
    expect([first.status, first.headers.get("content-type"), await first.text()]).toEqual([200, null, ""]);
    expect((await fetch(url, delivery)).status).toBe(200);
    expect(seen).toHaveLength(1);
    expect(records.flatMap((record) => (record.kind === "delivery" ? record.outcome : []))).toEqual(["accepted", "duplicate"]);
  });

  it("refuses what is not signed with the verifier's reply, which middleware before it may still adorn", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(async (ctx, next) => {
      await next();
      ctx.set("x-status", String(ctx.status));
    });
    app.use(webhook(verifier, () => expect.unreachable()));
    const { url } = await open(app.callback());
    const { headers } = signed();
    const response = await fetch(url, { method: "POST", headers, body: "{}" });
    expect([response.status, response.headers.get("content-type"), response.headers.get("x-status")]).toEqual([
      401,
      "application/problem+json",
      "401",
    ]);
    expect(await response.json()).toMatchObject({ status: 401 });
    expect(outcomes(records)).toEqual(["SIGNATURE_MISMATCH"]);
  });

  it.each<[string, Handler, number, string]>([
    [
      "a body",
      (event, ctx) => {
        ctx.body = { got: event.type };
      },
      200,
      '{"got":"order.paid"}',
    ],
    [
      "a status",
      (_event, ctx) => {
        ctx.status = 204;
      },
      204,
      "",
    ],
    [
      "a stream",
      (_event, ctx) => {
        ctx.body = Readable.from(["one ", "two"]);
      },
      200,
      "one two",
    ],
    [
      "its own response, later",
      (_event, ctx) => {
        ctx.respond = false;
        setImmediate(() => ctx.res.writeHead(201).end("raw"));
      },
      201,
      "raw",
    ],
  ])("keeps an answer that is %s", async (_title, handler, status, text) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier, handler));
    const { url } = await open(app.callback());
    const response = await fetch(url, signed());
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it.each<[string, Handler, number]>([
    [
      "422",
      (_event, ctx) => {
        ctx.status = 422;
      },
      422,
    ],
    [
      "404, which it has set itself",
      (_event, ctx) => {
        ctx.status = 404;
      },
      404,
    ],
    ["503, by throw", (_event, ctx) => ctx.throw(503), 503],
    ["200, by throw", (_event, ctx) => ctx.throw(200), 500],
    [
      "500 on Node's own response",
      (_event, ctx) => {
        ctx.res.statusCode = 500;
      },
      500,
    ],
    ["404 on Node's own response", (_event, ctx) => void ctx.res.writeHead(404).end(), 404],
  ])("releases after a handler that answers %s", async (_title, handler, status) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier, handler));
    const { url } = await open(app.callback());
    const delivery = signed();
    expect((await fetch(url, delivery)).status).toBe(status);
    expect((await fetch(url, delivery)).status).toBe(status);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it.each<[string, Handler]>([
    ["rejects", async () => Promise.reject(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "throws nothing",
      () => {
        throw undefined;
      },
    ],
  ])("releases when a handler %s, and no middleware before it can make a success of it", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = 200;
        ctx.body = { caught: error instanceof Error };
      }
    });
    app.use(webhook(verifier, handler));
    const { url } = await open(app.callback());
    const response = await fetch(url, signed());
    expect([response.status, response.statusText, await response.json()]).toEqual([500, "Internal Server Error", { caught: true }]);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("goes to Koa's own error handling", async () => {
    const { verifier } = acmeVerifier();
    const app = makeApp(make);
    const told: unknown[] = [];
    app.on("error", (error) => told.push(error));
    const failure = new Error("no");
    app.use(webhook(verifier, async () => Promise.reject(failure)));
    const { url } = await open(app.callback());
    expect((await fetch(url, signed())).status).toBe(500);
    expect(told).toEqual([failure]);
  });

  it.each([
    [Object.freeze(new Error("no")), 500],
    [Object.freeze(Object.assign(new Error("no"), { status: 409, expose: true })), 409],
  ])("goes there with a frozen error, too: %s", async (failure, status) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    const told: Error[] = [];
    app.on("error", (error) => told.push(error));
    app.use(webhook(verifier, async () => Promise.reject(failure)));
    const { url } = await open(app.callback());
    expect((await fetch(url, signed())).status).toBe(status);
    expect([told[0] instanceof Error, told[0]?.message, outcomes(records)]).toEqual([true, "no", ["HANDLER_FAILED"]]);
  });

  it("commits before the answer leaves", async () => {
    const store = memoryStore();
    const order: string[] = [];
    const committing = gate();
    const commit = store.commit.bind(store);
    store.commit = async (...values) => {
      await committing.promise;
      order.push("committed");
      return commit(...values);
    };
    const { verifier } = acmeVerifier({ store });
    const app = makeApp(make);
    app.use(
      webhook(verifier, (_event, ctx) => {
        ctx.body = "ok";
      }),
    );
    const { url } = await open(app.callback());
    const answered = fetch(url, signed()).then(({ status }) => order.push(`answered ${status}`));
    setImmediate(() => setImmediate(committing.open));
    await answered;
    expect(order).toEqual(["committed", "answered 200"]);
  });

  it("keeps the claim when the sender hangs up, and takes the handler's word", async () => {
    const { verifier, records } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = makeApp(make);
    app.use(
      webhook(verifier, async () => {
        runs++;
        await working.promise;
      }),
    );
    const { url, port } = await open(app.callback());
    const delivery = signed();
    const socket = dial(port, delivery);
    await waitFor(() => runs === 1);
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await fetch(url, delivery)).status).toBe(503);
    working.open();
    await waitFor(() => outcomes(records).length === 2);
    expect((await fetch(url, delivery)).status).toBe(200);
    expect([runs, outcomes(records)]).toEqual([1, ["CLAIM_BUSY", undefined, undefined]]);
  });

  it("releases when a handler breaks off the response", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier, async (_event, ctx) => void ctx.res.destroy()));
    const { url } = await open(app.callback());
    await expect(fetch(url, signed())).rejects.toThrow();
    await waitFor(() => outcomes(records).length === 1);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("answers for a handler that never ends", async () => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.05, lease: 1 });
    const late = gate();
    const app = makeApp(make);
    app.use(
      webhook(verifier, async (_event, ctx) => {
        await new Promise((resolve) => setTimeout(resolve, 120));
        ctx.body = "late";
        late.open();
        throw new Error("late");
      }),
    );
    const { url } = await open(app.callback());
    expect((await fetch(url, signed())).status).toBe(500);
    await late.promise;
    expect(outcomes(records)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it("hands events to a sink", async () => {
    const { verifier } = acmeVerifier();
    const seen: string[] = [];
    const app = makeApp(make);
    app.use(webhook(verifier, { accept: async ({ type }) => seen.push(type) }));
    const { url } = await open(app.callback());
    expect((await fetch(url, signed())).status).toBe(200);
    expect(seen).toEqual(["order.paid"]);
  });
});
