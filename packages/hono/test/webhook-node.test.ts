import { once } from "node:events";
import { memoryStore, type ObserverRecord } from "@countersign/core";
import { keepRawBody } from "@countersign/raw-body";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import express from "express";
import { type Context, Hono } from "hono";
import { describe, expect, it } from "vitest";
import { acmeVerifier, outcomes, signatureOf, signed } from "../../express/test/acme.js";
import { dial, gate, open, readAll, waitFor } from "../../express/test/session.js";
import { webhook } from "../src/index.js";

const serve = (app: Hono): Promise<{ url: string; port: number }> => open(getRequestListener(app.fetch));

describe("webhook on Hono's Node server", () => {
  it("hands over the target as it came in, where a mount has shortened it, also inside Express", async () => {
    const { verifier } = acmeVerifier();
    const urls: string[] = [];
    const receive: typeof verifier.receive = (delivery) => {
      urls.push(delivery.url);
      return verifier.receive(delivery);
    };
    const inner = new Hono();
    inner.all(
      "*",
      webhook({ ...verifier, receive }, async () => {}),
    );
    const app = new Hono();
    app.mount("/hooks", inner.fetch);
    app.post(
      "/direct/*",
      webhook({ ...verifier, receive }, async () => {}),
    );
    const { port } = await serve(app);
    for (const path of ['/direct/a/../b?x="y"', '/hooks/in?x="y"']) {
      const socket = dial(port, signed(), path);
      await once(socket, "data");
    }
    const outer = express();
    outer.use("/mounted", (req, res) => void getRequestListener(app.fetch)(req, res));
    expect((await fetch(`${(await open(outer)).url}/mounted/direct/in?a=1`, signed())).status).toBe(200);
    expect([urls[0], urls.at(-1)]).toEqual(['/direct/a/../b?x="y"', "/mounted/direct/in?a=1"]);
  });

  it.each(["handler", "middleware"])("lets no middleware before the %s form make a success of another answer", async (form) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.use(async (c, next) => {
      await next();
      const { status } = c.res;
      c.res = Response.json({ code: status }, { status: 200 });
    });
    const failing = (c: Context): Response => c.text("later", 503);
    if (form === "handler")
      app.post(
        "/",
        webhook(verifier, async (_event, c) => failing(c)),
      );
    else app.post("/", webhook(verifier), failing);
    const { url } = await serve(app);
    const answers = [await fetch(url, signed()), await fetch(url, { ...signed(), body: "{}" })];
    expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.json()]))).toEqual([
      [500, { code: 503 }],
      [500, { code: 401 }],
    ]);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED", "SIGNATURE_MISMATCH"]);
  });

  it("refuses a target in absolute form", async () => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.all(
      "*",
      webhook(verifier, async () => expect.unreachable()),
    );
    const { port } = await serve(app);
    const [head] = (await once(dial(port, signed(), "https://evil.example/hook"), "data")) as [Buffer];
    expect(String(head)).toMatch(/^HTTP\/1.1 400 /);
  });

  it("keeps the headers apart that came twice", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { port } = await serve(app);
    const { headers, ...delivery } = signed();
    const twice = { ...headers, "Acme-Signature": headers["acme-signature"] as string };
    const [head] = (await once(dial(port, { ...delivery, headers: twice }), "data")) as [Buffer];
    expect(String(head)).toMatch(/^HTTP\/1.1 400 /);
    expect(outcomes(records)).toEqual(["HEADER_DUPLICATED"]);
  });

  it("sends the refusal before it closes the connection on a body that goes on", async () => {
    const { verifier, records } = acmeVerifier({ maxBytes: 1000 });
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { port } = await serve(app);
    const text = await readAll(dial(port, signed(), "/", 10_000_000));
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(text).toContain('"status":413');
    expect(outcomes(records)).toEqual(["BODY_TOO_LARGE"]);
  });

  it("answers handshakes and other methods of a route mounted with all", async () => {
    const { verifier } = acmeVerifier();
    const app = new Hono();
    app.all(
      "/",
      webhook(verifier, async () => {}),
    );
    const { url } = await serve(app);
    expect(await (await fetch(`${url}?challenge=abc`)).text()).toBe("abc");
    const head = await fetch(`${url}?challenge=abc`, { method: "HEAD" });
    expect([head.status, head.headers.get("allow")]).toEqual([405, expect.stringContaining("POST")]);
  });

  it("says that Express's parser has taken the body, and works where it kept the bytes", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    for (const verify of [undefined, keepRawBody]) {
      const outer = express();
      outer.use(express.json({ ...(verify && { verify }) }), (req, res) => void getRequestListener(app.fetch)(req, res));
      expect((await fetch((await open(outer)).url, signed())).status).toBe(verify === undefined ? 500 : 200);
    }
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED", undefined]);
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
    const app = new Hono();
    app.post(
      "/",
      webhook(verifier, (_event, c) => c.text("ok")),
    );
    const { url } = await serve(app);
    const answered = fetch(url, signed()).then(({ status }) => order.push(`answered ${status}`));
    setImmediate(() => setImmediate(committing.open));
    await answered;
    expect(order).toEqual(["committed", "answered 200"]);
  });

  it.each(["handler", "middleware"])("keeps the claim when the sender hangs up, and takes the word of the %s", async (form) => {
    const { verifier, records } = acmeVerifier();
    const working = gate();
    let runs = 0;
    const work = async (): Promise<void> => {
      runs++;
      await working.promise;
    };
    const app = new Hono();
    if (form === "handler") app.post("/", webhook(verifier, work));
    else app.post("/", webhook(verifier), async (c) => work().then(() => c.body(null, 204)));
    const { url, port } = await serve(app);
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

  describe.each(["handler", "middleware"])("as %s", (form) => {
    const mount = (answer: (c: Context<{ Bindings: HttpBindings }>) => Response | Promise<Response>): [Hono, ObserverRecord[]] => {
      const { verifier, records } = acmeVerifier();
      const app = new Hono<{ Bindings: HttpBindings }>();
      app.onError(() => RESPONSE_ALREADY_SENT);
      if (form === "middleware") app.post("/", webhook(verifier), answer);
      else
        app.post(
          "/",
          webhook(verifier, (_event, c: Context<{ Bindings: HttpBindings }>) => answer(c)),
        );
      return [app as unknown as Hono, records];
    };

    it.each([
      [500, "at once", (act: () => void) => act()],
      [202, "at once", (act: () => void) => act()],
      [503, "later", (act: () => void) => void setTimeout(act, 10)],
      [201, "later", (act: () => void) => void setTimeout(act, 10)],
    ])("judges an answer on Node's own response by its status: %i, %s", async (status, _when, act) => {
      const [app, records] = mount((c) => {
        act(() => c.env.outgoing.writeHead(status).end("raw"));
        return RESPONSE_ALREADY_SENT;
      });
      const { url } = await serve(app);
      const response = await fetch(url, signed());
      expect([response.status, await response.text()]).toEqual([status, "raw"]);
      await waitFor(() => outcomes(records).length === 1);
      expect(outcomes(records)).toEqual([status < 300 ? undefined : "HANDLER_FAILED"]);
    });

    it("releases after an answer on Node's own response that was broken off later", async () => {
      const [app, records] = mount((c) => {
        c.env.outgoing.write("half", () => c.env.outgoing.destroy());
        return RESPONSE_ALREADY_SENT;
      });
      const { url } = await serve(app);
      await expect(fetch(url, signed()).then((response) => response.text())).rejects.toThrow();
      await waitFor(() => outcomes(records).length === 1);
      expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
    });
  });

  it.each(["text", "json"] as const)("says that c.req.%s() has skipped a byte order mark that was signed", async (reader) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req[reader]();
      await next();
    });
    app.post(
      "/",
      webhook(verifier, async () => {}),
    );
    const { url } = await serve(app);
    const body = `\ufeff${signed().body}`;
    const headers = { "content-type": "application/json", "acme-signature": signatureOf(body) };
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(500);
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED"]);
  });

  it("releases when a handler breaks off the response", async () => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono<{ Bindings: { outgoing: { destroy(): void } } }>();
    app.onError((_error, c) => c.text("broken off", 500));
    app.post("/", webhook(verifier), (c) => {
      c.env.outgoing.destroy();
      return c.text("never");
    });
    const { url } = await open(getRequestListener(app.fetch));
    await expect(fetch(url, signed())).rejects.toThrow();
    await waitFor(() => outcomes(records).length === 1);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("answers a sender that hangs up in the middle of its body with nothing stored", async () => {
    const { verifier, records } = acmeVerifier();
    const arrived = gate();
    const receive: typeof verifier.receive = (delivery) => {
      arrived.open();
      return verifier.receive(delivery);
    };
    const app = new Hono();
    app.post(
      "/",
      webhook({ ...verifier, receive }, async () => {}),
    );
    const { url, port } = await serve(app);
    const delivery = signed();
    const socket = dial(port, delivery, "/", delivery.body.length + 5);
    await arrived.promise;
    socket.resetAndDestroy();
    await waitFor(() => records.some(({ code }) => code === "BODY_INCOMPLETE"));
    expect((await fetch(url, delivery)).status).toBe(200);
  });
});
