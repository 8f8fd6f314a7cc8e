import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { type AcmeEvent, acmeVerifier, outcomes, signed } from "./acme.js";
import { dial, gate, open, waitFor } from "./session.js";
import { VERSIONS } from "./versions.js";

/** Begins an answer, and ends it later. */
function end418(res: Response): void {
  res.writeHead(418);
  setImmediate(() => res.end());
}

describe.each(VERSIONS)("webhook(verifier, handler), which holds the response, on %s", (_version, make) => {
  it.each([
    ["a status that is no success", (_e: AcmeEvent, _q: Request, res: Response) => void res.status(422).end(), 422],
    ["a status without an end", async (_e: AcmeEvent, _q: Request, res: Response) => void res.status(409), 409],
    ["a head that ends later", async (_e: AcmeEvent, _q: Request, res: Response) => end418(res), 418],
    ["a head without an end", async (_e: AcmeEvent, _q: Request, res: Response) => void res.writeHead(503), 503],
    ["a begun failure without an end", async (_e: AcmeEvent, _q: Request, res: Response) => void res.writeHead(503).write("no"), 503],
    ["a stream of it", async (_e: AcmeEvent, _q: Request, res: Response) => void Readable.from(["n", "o"]).pipe(res.status(500)), 500],
  ])("releases after %s", async (_title, handler, status) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier, handler));
    const { url } = await open(app);
    const delivery = signed();
    expect((await fetch(url, delivery)).status).toBe(status);
    expect((await fetch(url, delivery)).status).toBe(status);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it("counts the first answer where a handler gives two", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, (_event, _req, res) => {
        res.status(400).json({ no: 1 });
        res.status(200).json({ ok: "a longer one" });
      }),
    );
    const { url } = await open(app);
    const response = await fetch(url, signed());
    expect([response.status, await response.json()]).toEqual([400, { no: 1 }]);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it.each([
    [
      "writes before the end",
      async (_e: AcmeEvent, _q: Request, res: Response) => {
        res.write("one ");
        await new Promise((resolve) => setImmediate(resolve));
        res.write("two ");
        res.end("three", "utf8");
      },
    ],
    ["pipes", async (_e: AcmeEvent, _q: Request, res: Response) => void Readable.from(["one ", "two ", "three"]).pipe(res)],
    ["waits for a pipeline", async (_e: AcmeEvent, _q: Request, res: Response) => pipeline(Readable.from(["one ", "two ", "three"]), res)],
    [
      "waits for the callback of end",
      async (_e: AcmeEvent, _q: Request, res: Response) => {
        await new Promise<void>((resolve) => void res.end("one two three", resolve));
      },
    ],
    [
      "waits for finish",
      async (_e: AcmeEvent, _q: Request, res: Response) => {
        res.end("one two three");
        await once(res, "finish");
      },
    ],
  ])("keeps the answer of a handler that %s", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier, handler));
    const { url } = await open(app);
    const response = await fetch(url, signed());
    expect([response.status, await response.text()]).toEqual([200, "one two three"]);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it.each([
    ["its promise", async (_e: AcmeEvent, _q: Request) => {}],
    ["its end of the response", (_e: AcmeEvent, _q: Request, res: Response) => void res.sendStatus(200)],
  ])("keeps the claim when the sender hangs up, and takes the handler's word: %s", async (_title, end) => {
    const { verifier, records } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = make();
    const handler = (event: AcmeEvent, req: Request, res: Response): unknown => {
      runs++;
      if (end.length < 3) return working.promise.then(() => (end as (...v: unknown[]) => unknown)(event, req));
      void working.promise.then(() => end(event, req, res));
      return undefined;
    };
    app.post("/", webhook(verifier, handler));
    const { url, port } = await open(app);
    const delivery = signed();
    const socket = dial(port, delivery);
    await waitFor(() => runs === 1);
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await fetch(url, delivery)).status).toBe(503);
    working.open();
    await waitFor(() => outcomes(records).length === 2);
    expect((await fetch(url, delivery)).status).toBe(200);
    expect(runs).toBe(1);
    expect(outcomes(records)).toEqual(["CLAIM_BUSY", undefined, undefined]);
  });

  it.each([
    ["the response", (_e: AcmeEvent, _q: Request, res: Response) => void res.destroy()],
    ["the response later", (_e: AcmeEvent, _q: Request, res: Response) => void setImmediate(() => res.destroy())],
    ["the socket", async (_e: AcmeEvent, req: Request) => void req.socket.destroy()],
  ])("releases when a handler breaks off %s", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post("/", webhook(verifier, handler));
    const { url } = await open(app);
    await expect(fetch(url, signed())).rejects.toThrow();
    await waitFor(() => outcomes(records).length === 1);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it.each([
    ["nothing", async () => {}, 200],
    ["a status alone", async (_e: AcmeEvent, _q: Request, res: Response) => void res.status(202), 202],
  ])("waits for a middleware whose end takes its time, after a handler that answers %s", async (_title, handler, status) => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.use((_req, res, next) => {
      const end = res.end as (...values: unknown[]) => Response;
      res.end = ((...values: unknown[]) => {
        setTimeout(() => end.apply(res, values), 5);
        return res;
      }) as Response["end"];
      next();
    });
    app.post("/", webhook(verifier, handler));
    const { url } = await open(app);
    expect((await fetch(url, { ...signed(), signal: AbortSignal.timeout(2000) })).status).toBe(status);
  });

  it("answers for a handler that never ends, and what it does later comes to nothing", async () => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.05, lease: 1 });
    const late = gate();
    const app = make();
    app.post(
      "/",
      webhook(
        verifier,
        (_event, _req, res) =>
          void setTimeout(() => {
            res.set("x-late", "1").cookie("a", "b").json({ late: true });
            late.open();
          }, 120),
      ),
    );
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(500);
    await late.promise;
    expect(outcomes(records)).toEqual(["HANDLER_TIMEOUT"]);
  });
});
