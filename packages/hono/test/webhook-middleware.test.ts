import { type Context, type Handler, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { every } from "hono/combine";
import { describe, expect, it } from "vitest";
import { acmeVerifier, outcomes, signatureOf, signed } from "../../express/test/acme.js";
import { gate, waitFor } from "../../express/test/session.js";
import { webhook } from "../src/index.js";
import { RUNTIMES } from "./runtimes.js";

const passing: MiddlewareHandler = (_c, next) => next();

describe.each(RUNTIMES)("webhook(verifier) on %s", (_runtime, serve) => {
  it("leaves the event in its place, and answers duplicates by itself", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier), (c) => c.text(c.var.webhook.event.type, 201));
    const send = await serve(app);
    const delivery = signed();
    const first = await send(delivery);
    expect([first.status, await first.text()]).toEqual([201, "order.paid"]);
    const again = await send(delivery);
    expect([again.status, await again.text()]).toEqual([200, ""]);
    expect(outcomes(records)).toEqual([undefined, undefined]);
  });

  it("refuses what is not signed, and passes nothing on", async () => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier), () => expect.unreachable());
    const send = await serve(app);
    expect((await send({ ...signed(), body: "{}" })).status).toBe(401);
  });

  it.each<[string, (c: Context) => Promise<string>]>([
    ["json", async (c) => JSON.stringify(await c.req.json())],
    ["text", (c) => c.req.text()],
    ["arrayBuffer", async (c) => new TextDecoder().decode(await c.req.arrayBuffer())],
    ["blob", async (c) => (await c.req.blob()).text()],
    ["each of them in turn", async (c) => JSON.stringify(await c.req.json()) && (await c.req.text()) && (await c.req.text())],
    ["the raw request", (c) => c.req.raw.text()],
    ["a clone of the raw request", (c) => c.req.raw.clone().text()],
  ])("lets %s read the body as if nobody had", async (_title, read) => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier), bodyLimit({ maxSize: 1000 }), async (c) => c.text(await read(c), 200, { "x-method": c.req.method }));
    const send = await serve(app);
    const delivery = signed({ text: "ü" });
    const response = await send(delivery);
    expect([response.status, await response.text(), response.headers.get("x-method")]).toEqual([200, delivery.body, "POST"]);
  });

  it("says so where it stands twice on one route", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.use("/*", webhook(verifier));
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    expect((await (await serve(app))(signed())).status).toBe(500);
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED", "HANDLER_FAILED"]);
    expect(records).toContainEqual(expect.objectContaining({ detail: expect.stringContaining("webhook stands twice on this route") }));
  });

  it("lets parseBody read a form", async () => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier), async (c) => c.json(await c.req.parseBody()));
    const send = await serve(app);
    const body = "a=1&b=%C3%BC";
    const headers = { "content-type": "application/x-www-form-urlencoded", "acme-signature": signatureOf(body) };
    expect(await (await send({ method: "POST", headers, body })).json()).toEqual({ a: "1", b: "ü" });
  });

  it.each<[string, (c: Context) => Promise<unknown>, number]>([
    ["read as text", (c) => c.req.text(), 200],
    ["parsed as JSON", (c) => c.req.json(), 200],
    ["read as bytes", (c) => c.req.arrayBuffer(), 200],
    ["read as a blob", (c) => c.req.blob(), 200],
    ["parsed as a form", (c) => c.req.formData().catch(() => {}), 500],
    ["read from a clone", (c) => c.req.raw.clone().text(), 200],
    ["taken from the raw request", (c) => c.req.raw.text(), 500],
  ])("takes a body that was %s before", async (_title, before, status) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.use(async (c, next) => {
      await before(c);
      await next();
    });
    app.post("/", webhook(verifier), (c) => c.body(null, 200));
    const send = await serve(app);
    expect((await send(signed())).status).toBe(status);
    expect(outcomes(records)).toEqual([status === 200 ? undefined : "BODY_ALREADY_PARSED"]);
  });

  it.each<[string, Handler, number]>([
    ["a status that is no success", (c) => c.text("no", 422), 422],
    ["a notFound", (c) => c.notFound(), 404],
    ["a throw", async () => Promise.reject(new Error("no")), 500],
  ])("releases after %s", async (_title, handler, status) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.onError((_error, c) => c.text("error", 500));
    app.post("/", webhook(verifier), handler);
    const send = await serve(app);
    const delivery = signed();
    expect((await send(delivery)).status).toBe(status);
    expect((await send(delivery)).status).toBe(status);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it.each([new Error("no"), "a string"])("lets app.onError make no success of %s", async (thrown) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.onError((error, c) => c.json({ message: error.message }, 200, { "x-kept": "yes" }));
    app.post("/", webhook(verifier), () => {
      throw thrown;
    });
    const send = await serve(app);
    const response = await send(signed());
    expect([response.status, response.headers.get("x-kept")]).toEqual([500, "yes"]);
    expect(await response.json()).toHaveProperty("message");
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("says so with a 500 where the handler returns nothing", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier), (() => undefined) as unknown as Handler);
    const send = await serve(app);
    expect((await send(signed())).status).toBe(500);
    expect(outcomes(records)).toEqual(["NOBODY_REPLIED"]);
  });

  it.each<[string, (app: Hono<never>, middleware: MiddlewareHandler) => void]>([
    ["follows", (app, middleware) => app.post("/", middleware)],
    [
      "follows, behind other middleware",
      (app, middleware) => {
        app.use(passing);
        app.post("/", middleware);
      },
    ],
    [
      "follows in an app within the app",
      (app, middleware) => {
        const inner = new Hono();
        inner.onError((_error, c) => c.text("error", 500));
        inner.post("/", middleware);
        app.route("/", inner);
      },
    ],
  ])("says so with a 500 where nothing %s", async (_title, mount) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono<never>();
    app.notFound((c) => c.text("nothing here", 404, { "x-not": "found" }));
    mount(app, webhook(verifier));
    const send = await serve(app as unknown as Hono);
    const response = await send(signed());
    expect([response.status, response.headers.get("content-type"), response.headers.get("x-not")]).toEqual([
      500,
      "application/problem+json",
      null,
    ]);
    expect(outcomes(records)).toEqual(["NOBODY_REPLIED"]);
  });

  it("takes no success of app.notFound for somebody's answer", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.notFound((c) => c.html("<p>home</p>", 200));
    app.post("/", webhook(verifier));
    const send = await serve(app);
    expect((await send(signed())).status).toBe(500);
    expect(outcomes(records)).toEqual(["NOBODY_REPLIED"]);
  });

  it("finds the answer of a handler that was combined with it", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    const handler: MiddlewareHandler = async (c) => c.text("ok", 201);
    app.post("/", every(webhook(verifier), handler));
    const send = await serve(app);
    expect((await send(signed())).status).toBe(201);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it("answers for a handler that never ends", async () => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.05, lease: 1 });
    const late = gate();
    const app = new Hono();
    app.post("/", webhook(verifier), async (c) => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      late.open();
      return c.text("late");
    });
    const send = await serve(app);
    expect((await send(signed())).status).toBe(500);
    await late.promise;
    expect(outcomes(records)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it("lets close() wait for the handlers under way", async () => {
    const { verifier } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = new Hono();
    app.post("/", webhook(verifier), async (c) => {
      runs++;
      await working.promise;
      return c.body(null, 204);
    });
    const send = await serve(app);
    const first = send(signed());
    await waitFor(() => runs === 1);
    let isClosed = false;
    const closing = verifier.close().then(() => {
      isClosed = true;
    });
    expect((await send(signed())).status).toBe(503);
    expect(isClosed).toBe(false);
    working.open();
    expect((await first).status).toBe(204);
    await closing;
  });
});
