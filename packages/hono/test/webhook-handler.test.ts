import { Hono, type MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { timeout } from "hono/timeout";
import { describe, expect, it } from "vitest";
import { type AcmeEvent, acmeVerifier, outcomes, signatureOf, signed } from "../../express/test/acme.js";
import { gate, waitFor } from "../../express/test/session.js";
import { type WebhookHandler, webhook } from "../src/index.js";
import { RUNTIMES } from "./runtimes.js";

type Handler = WebhookHandler<AcmeEvent>;
const passing: MiddlewareHandler = (_c, next) => next();

describe.each(RUNTIMES)("webhook(verifier, handler) on %s", (_runtime, serve) => {
  it("sends the success reply for a handler that answers nothing, and handles an event once", async () => {
    const { verifier, records } = acmeVerifier();
    const seen: AcmeEvent[] = [];
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, async (event) => void seen.push(event)),
    );
    const send = await serve(app);
    const delivery = signed();
    const first = await send(delivery);
    expect([first.status, await first.text()]).toEqual([200, ""]);
    expect((await send(delivery)).status).toBe(200);
    expect(seen).toHaveLength(1);
    expect(records.flatMap((record) => (record.kind === "delivery" ? record.outcome : []))).toEqual(["accepted", "duplicate"]);
  });

  it("refuses what is not signed, and the handler is not run", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, () => expect.unreachable()),
    );
    const send = await serve(app);
    const response = await send({ ...signed(), body: "{}" });
    expect([response.status, response.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    expect(outcomes(records)).toEqual(["SIGNATURE_MISMATCH"]);
  });

  it.each<[string, Handler]>([
    ["its bytes", async (_event, c) => c.text(await c.req.text())],
    ["the raw request", async (_event, c) => c.text(await c.req.raw.text())],
  ])("lets a handler read %s as if nobody had, an empty body too", async (_title, handler) => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier, handler));
    const send = await serve(app);
    const delivery = signed();
    const none = { method: "POST", headers: { "acme-signature": signatureOf("") }, body: "" };
    expect(await (await send(delivery)).text()).toBe(delivery.body);
    expect([(await send(none)).status, await (await send(none)).text()]).toEqual([200, ""]);
  });

  it.each<[string, Handler, number, string]>([
    ["a response", (event, c) => c.json({ got: event.type }, 202), 202, '{"got":"order.paid"}'],
    ["a promise of one", async () => new Response("ok"), 200, "ok"],
    [
      "one left on the context",
      (_event, c) => {
        c.res = new Response("left", { status: 201 });
      },
      201,
      "left",
    ],
  ])("keeps an answer that is %s", async (_title, handler, status, text) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier, handler));
    const send = await serve(app);
    const response = await send(signed());
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it.each([
    [202, undefined],
    [503, "HANDLER_FAILED"],
  ] as const)("takes a status that was set for an answer, also with no response: %i", async (status, code) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, async (_event, c) => c.status(status)),
    );
    const send = await serve(app);
    const response = await send(signed());
    expect([response.status, await response.text()]).toEqual([status, ""]);
    expect(outcomes(records)).toEqual([code]);
  });

  it("refuses to be built of anything else than a verifier and a handler", () => {
    const { verifier } = acmeVerifier();
    expect(() => webhook({} as never)).toThrow("expected a verifier");
    expect(() => webhook(verifier, {} as never)).toThrow("expected a function");
  });

  it("ignores whatever else a handler returns", async () => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.post("/", webhook(verifier, (async () => ({ status: 500, headers: {} })) as unknown as Handler));
    const send = await serve(app);
    expect((await send(signed())).status).toBe(200);
  });

  it("releases after a status that is no success", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, (_event, c) => c.text("no", 422)),
    );
    const send = await serve(app);
    const delivery = signed();
    expect((await send(delivery)).status).toBe(422);
    expect((await send(delivery)).status).toBe(422);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  describe.each([
    ["alone", []],
    ["behind middleware", [passing]],
  ])("%s on its route", (_place, before) => {
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
    ])("releases when a handler %s, and app.onError cannot make a success of it", async (_title, handler) => {
      const { verifier, records } = acmeVerifier();
      const app = new Hono();
      app.onError((error, c) => c.json({ caught: error instanceof Error }, 200, { "x-kept": "yes" }));
      app.use("*", ...before);
      app.post("/", webhook(verifier, handler));
      const send = await serve(app);
      const response = await send(signed());
      expect([response.status, response.headers.get("x-kept"), await response.json()]).toEqual([500, "yes", { caught: true }]);
      expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
    });

    it("leaves another status of the app's error handling as it is", async () => {
      const { verifier } = acmeVerifier();
      const app = new Hono();
      app.use("*", ...before);
      app.post(
        "/",
        webhook(verifier, () => {
          throw new HTTPException(507, { message: "full" });
        }),
      );
      const send = await serve(app);
      const response = await send(signed());
      expect([response.status, await response.text()]).toEqual([507, "full"]);
    });

    it("denies success to the error handling of an app within the app, too", async () => {
      const { verifier } = acmeVerifier();
      const inner = new Hono();
      inner.onError((_error, c) => c.text("fine"));
      inner.post(
        "/in",
        webhook(verifier, async () => Promise.reject(new Error("no"))),
      );
      const app = new Hono();
      app.use("*", ...before);
      app.route("/", inner);
      const send = await serve(app);
      const response = await send({ ...signed(), path: "/in" });
      expect([response.status, await response.text()]).toEqual([500, "fine"]);
    });
  });

  it("takes the handler's word, whatever a timeout of the app's has answered while it was at work", async () => {
    const { verifier, records } = acmeVerifier();
    const working = gate();
    const app = new Hono();
    app.use(timeout(20));
    app.post(
      "/",
      webhook(verifier, () => working.promise),
    );
    const send = await serve(app);
    const delivery = signed();
    expect((await send(delivery)).status).toBe(504);
    expect((await send(delivery)).status).toBe(503);
    working.open();
    await waitFor(() => outcomes(records).length === 2);
    expect((await send(delivery)).status).toBe(200);
    expect(outcomes(records)).toEqual(["CLAIM_BUSY", undefined, undefined]);
  });

  it("answers for a handler that never ends", async () => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.05, lease: 1 });
    const late = gate();
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, async () => {
        await new Promise((resolve) => setTimeout(resolve, 120));
        late.open();
        throw new Error("late");
      }),
    );
    const send = await serve(app);
    expect((await send(signed())).status).toBe(500);
    await late.promise;
    expect(outcomes(records)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it("hands events to a sink", async () => {
    const { verifier } = acmeVerifier();
    const seen: string[] = [];
    const app = new Hono();
    app.post("/", webhook(verifier, { accept: async ({ type }) => seen.push(type) }));
    const send = await serve(app);
    expect((await send(signed())).status).toBe(200);
    expect(seen).toEqual(["order.paid"]);
  });
});
