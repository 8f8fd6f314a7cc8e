import express, { type RequestHandler } from "express";
import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { type AcmeEvent, acmeVerifier, outcomes, signed } from "./acme.js";
import { dial, gate, open, waitFor } from "./session.js";
import { VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook(verifier) on %s", (version, make) => {
  it("leaves the event in its places, and the body for later parsers", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier), make.json(), make.urlencoded({ extended: true }), (req, res) => {
      const { event } = res.locals.webhook;
      const beside = (req as unknown as { webhook: { event: AcmeEvent } }).webhook;
      res.status(201).json({ same: beside.event === event, body: req.body, type: event.type });
    });
    const { url } = await open(app);
    const delivery = signed();
    const response = await fetch(url, delivery);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ same: true, body: JSON.parse(delivery.body), type: "order.paid" });
    expect(outcomes(records)).toEqual([undefined]);
    const again = await fetch(url, delivery);
    expect([again.status, await again.text()]).toEqual([200, ""]);
  });

  it("refuses what is not signed, and passes nothing on", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier), () => expect.unreachable());
    const { url } = await open(app);
    const { headers } = signed();
    expect((await fetch(url, { method: "POST", headers, body: "{}" })).status).toBe(401);
  });

  const failures: [string, RequestHandler][] = [
    ["a status that is no success", (_req, res) => void res.sendStatus(422)],
    ["next with an error", (_req, _res, next) => next(new Error("no"))],
    [
      "a throw",
      () => {
        throw new Error("no");
      },
    ],
    ["a 404 of its own", (_req, res) => void res.status(404).send("<p>no such order</p>")],
  ];
  it.each(failures)("releases after %s", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier), handler);
    const { url } = await open(app);
    const delivery = signed();
    expect((await fetch(url, delivery)).status).toBeGreaterThanOrEqual(400);
    expect((await fetch(url, delivery)).status).toBeGreaterThanOrEqual(400);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it.each<[string, (app: express.Express, middleware: RequestHandler) => void]>([
    ["nothing follows", (app, middleware) => app.post("/hook", middleware)],
    ["what follows passes on, later", (app, middleware) => app.post("/hook", middleware, (_req, _res, next) => void setImmediate(next))],
    ["nothing follows in a router", (app, middleware) => app.use("/hook", express.Router().post("/", middleware))],
  ])("says so with a 500 where %s", async (_title, mount) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    mount(app, webhook(verifier) as RequestHandler);
    const { url } = await open(app);
    const delivery = signed();
    for (const _ of [1, 2]) {
      const response = await fetch(`${url}/hook`, delivery);
      expect([response.status, response.statusText, response.headers.get("content-type")]).toEqual([
        500,
        "Internal Server Error",
        "application/problem+json",
      ]);
      expect(await response.json()).toMatchObject({ status: 500 });
    }
    expect(outcomes(records)).toEqual(["NOBODY_REPLIED", "NOBODY_REPLIED"]);
  });

  it("takes a success for one that looks like Express's own page for nobody's answer", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier), (_req, res) => void res.send("<pre>Cannot be beaten </pre>"));
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(200);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it.runIf(version === "Express 5")("releases after a rejection, which Express 5 catches", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier), async () => Promise.reject(new Error("no")));
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(500);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("commits by the end of the response after the sender has hung up", async () => {
    const { verifier, records } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = make();
    app.post("/", webhook(verifier), async (_req, res) => {
      runs++;
      await working.promise;
      res.sendStatus(200);
    });
    const { url, port } = await open(app);
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

  it("releases when the response is broken off, also in the middle", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier), (_req, res, next) => {
      res.write("begun");
      next(new Error("no"));
    });
    const { url } = await open(app);
    await expect(fetch(url, signed()).then((response) => response.text())).rejects.toThrow();
    await waitFor(() => outcomes(records).length === 1);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("answers for a handler that never ends, and what it does later comes to nothing", async () => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.05, lease: 1 });
    const late = gate();
    const app = make();
    app.post(
      "/",
      webhook(verifier),
      (_req, res) =>
        void setTimeout(() => {
          res.json({ late: true });
          late.open();
        }, 120),
    );
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(500);
    await late.promise;
    expect(outcomes(records)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it("lets close() wait for the handlers under way", async () => {
    const { verifier } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = make();
    app.post("/", webhook(verifier), async (_req, res) => {
      runs++;
      await working.promise;
      res.sendStatus(200);
    });
    const { url } = await open(app);
    const first = fetch(url, signed());
    await waitFor(() => runs === 1);
    let isClosed = false;
    const closing = verifier.close().then(() => {
      isClosed = true;
    });
    expect((await fetch(url, signed())).status).toBe(503);
    expect(isClosed).toBe(false);
    working.open();
    expect((await first).status).toBe(200);
    await closing;
  });
});
