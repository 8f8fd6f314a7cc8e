import { ConfigurationError, memoryStore } from "@countersign/core";
import type { Request, Response } from "express";
import { describe, expect, it } from "vitest";
import { type EventSink, webhook } from "../src/index.js";
import { type AcmeEvent, acmeVerifier, outcomes, signed } from "./acme.js";
import { gate, open, waitFor } from "./session.js";
import { failWith, VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook(verifier, handler) on %s", (_version, make) => {
  it("answers nothing for a handler that answers nothing: the success reply is sent, and the event is handled once", async () => {
    const { verifier, records } = acmeVerifier();
    const seen: AcmeEvent[] = [];
    const app = make();
    app.post(
      "/",
      webhook(verifier, async (event) => void seen.push(event)),
    );
    const { url } = await open(app);
    const delivery = signed();
    const first = await fetch(url, delivery);
    expect([first.status, await first.text()]).toEqual([200, ""]);
    expect((await fetch(url, delivery)).status).toBe(200);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.payload).toMatchObject({ cents: 5 });
    expect(records.flatMap((record) => (record.kind === "delivery" ? record.outcome : []))).toEqual(["accepted", "duplicate"]);
  });

  it("refuses what is not signed, and the handler is not run", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, () => expect.unreachable()),
    );
    const { url } = await open(app);
    const { headers, body } = signed();
    const response = await fetch(url, { method: "POST", headers, body: `${body} ` });
    expect([response.status, response.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    expect(outcomes(records)).toEqual(["SIGNATURE_MISMATCH"]);
  });

  it("keeps the answer of a handler as it was made", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, async (event, _req, res) => void res.status(202).set("x-kept", "Yes").json({ got: event.type })),
    );
    const { url } = await open(app);
    const response = await fetch(url, signed());
    expect([response.status, response.headers.get("x-kept"), await response.json()]).toEqual([202, "Yes", { got: "order.paid" }]);
    expect(response.headers.get("content-type")).toContain("application/json");
  });

  it("commits before the answer leaves", async () => {
    const committing = gate();
    const store = memoryStore();
    const order: string[] = [];
    const slow = {
      ...store,
      durable: store.durable,
      claim: store.claim.bind(store),
      renew: store.renew.bind(store),
      release: store.release.bind(store),
      commit: async (...values: Parameters<typeof store.commit>) => {
        await committing.promise;
        order.push("committed");
        return store.commit(...values);
      },
    };
    const { verifier } = acmeVerifier({ store: slow });
    const app = make();
    app.post(
      "/",
      webhook(verifier, (_event, _req, res) => void res.sendStatus(200)),
    );
    const { url } = await open(app);
    const response = fetch(url, signed()).then(({ status }) => order.push(`answered ${status}`));
    setImmediate(() => setImmediate(committing.open));
    await response;
    expect(order).toEqual(["committed", "answered 200"]);
  });

  it.each([
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
    [
      "throws the word route",
      () => {
        throw "route";
      },
    ],
    [
      "answers a success, and throws",
      (_e: AcmeEvent, _q: Request, res: Response) => {
        res.json({ ok: true });
        throw new Error("no");
      },
    ],
    [
      "answers a success, and rejects later",
      async (_e: AcmeEvent, _q: Request, res: Response) => {
        res.json({ ok: true });
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error("no");
      },
    ],
  ])("releases when a handler %s, and the app's error handling cannot make a success of it", async (_title, handler) => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    let runs = 0;
    app.post(
      "/",
      webhook(verifier, (event, req, res) =>
        runs++ === 0 ? (handler as (...v: unknown[]) => unknown)(event, req, res) : res.sendStatus(204),
      ),
    );
    app.use(failWith(200));
    const { url } = await open(app);
    const delivery = signed();
    const response = await fetch(url, delivery);
    expect([response.status, response.statusText]).toEqual([500, "Internal Server Error"]);
    expect(await response.json()).toHaveProperty("said");
    expect((await fetch(url, delivery)).status).toBe(204);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", undefined]);
  });

  it("leaves another status of the app's error handling as it is", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, async () => Promise.reject(new Error("no"))),
    );
    app.use(failWith(507));
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(507);
  });

  it("goes to the default error handling where the app has none", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, async () => Promise.reject(new Error("no"))),
    );
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(500);
  });

  it("waits for a handler in callback style that answers later", async () => {
    const { verifier, records } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, (_event, _req, res) => void setTimeout(() => res.status(503).end(), 10)),
    );
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(503);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("ends with the return of a handler that declares no response and returns no promise", async () => {
    const { verifier } = acmeVerifier();
    const app = make();
    app.post(
      "/",
      webhook(verifier, (_event, _req) => {}),
    );
    const { url } = await open(app);
    expect((await fetch(url, signed())).status).toBe(200);
  });

  it("answers a duplicate of a running handler 503", async () => {
    const { verifier } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const app = make();
    app.post(
      "/",
      webhook(verifier, async () => {
        runs++;
        await working.promise;
      }),
    );
    const { url } = await open(app);
    const delivery = signed();
    const first = fetch(url, delivery);
    await waitFor(() => runs === 1);
    const second = await fetch(url, delivery);
    expect(second.status).toBe(503);
    expect(second.headers.has("retry-after")).toBe(true);
    working.open();
    expect((await first).status).toBe(200);
    expect((await fetch(url, delivery)).status).toBe(200);
    expect(runs).toBe(1);
  });

  describe("with a sink", () => {
    it("hands the event over, and answers when it is safe", async () => {
      const { verifier } = acmeVerifier();
      const seen: unknown[] = [];
      const sink: EventSink<AcmeEvent> = { accept: async (event, { signal }) => seen.push(event.type, signal.aborted) };
      const app = make();
      app.post("/", webhook(verifier, sink));
      const { url } = await open(app);
      expect((await fetch(url, signed())).status).toBe(200);
      expect(seen).toEqual(["order.paid", false]);
    });

    it("releases when the sink rejects", async () => {
      const { verifier, records } = acmeVerifier();
      const app = make();
      app.post("/", webhook(verifier, { accept: async () => Promise.reject(new Error("full")) }));
      const { url } = await open(app);
      expect((await fetch(url, signed())).status).toBe(500);
      expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
    });
  });

  it.each([
    ["no verifier", () => webhook(undefined as never)],
    ["options in place of a verifier", () => webhook({} as never, async () => {})],
    ["a handler in place of a verifier", () => webhook((() => {}) as never)],
    ["a handler that is none", () => webhook(acmeVerifier().verifier, {} as never)],
  ])("throws while being made for %s", (_title, create) => {
    expect(create).toThrow(ConfigurationError);
  });
});
