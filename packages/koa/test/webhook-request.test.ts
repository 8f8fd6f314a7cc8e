import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import express from "express";
import { describe, expect, it } from "vitest";
import { acmeVerifier, outcomes, signed } from "../../express/test/acme.js";
import { dial, gate, open, readAll, waitFor } from "../../express/test/session.js";
import { webhook } from "../src/index.js";
import { makeApp, VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook(verifier, handler), which reads the request, on %s", (_version, make) => {
  it("hands over the target as it came in, where a mount has shortened it, also inside Express", async () => {
    const { verifier } = acmeVerifier();
    const urls: string[] = [];
    const receive: typeof verifier.receive = (delivery) => {
      urls.push(delivery.url);
      return verifier.receive(delivery);
    };
    const app = makeApp(make);
    app.use((ctx, next) => {
      ctx.path = ctx.path.replace(/^\/mounted/, "");
      return next();
    });
    app.use(webhook({ ...verifier, receive }, async () => {}));
    const outer = express();
    outer.use("/koa", app.callback());
    const [alone, inside] = [await open(app.callback()), await open(outer)];
    expect((await fetch(`${alone.url}/mounted/in?a=1`, signed())).status).toBe(200);
    expect((await fetch(`${inside.url}/koa/mounted/in?a=1`, signed())).status).toBe(200);
    expect(urls).toEqual(["/mounted/in?a=1", "/koa/mounted/in?a=1"]);
  });

  it("refuses a target in absolute form", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier, async () => {}));
    const { port } = await open(app.callback());
    const [head] = (await once(dial(port, signed(), "https://evil.example/hook"), "data")) as [Buffer];
    expect(String(head)).toMatch(/^HTTP\/1.1 400 /);
    expect(outcomes(records)).toEqual(["TARGET_INVALID"]);
  });

  it.each(["", "json"])(
    "answers deliveries that come on one connection, each with its length, where the app sets the type '%s'",
    async (type) => {
      const { verifier } = acmeVerifier();
      const app = makeApp(make);
      app.use((ctx, next) => {
        ctx.type = type;
        return next();
      });
      app.use(webhook(verifier, async () => {}));
      const { port, url } = await open(app.callback());
      const delivery = signed();
      const socket = dial(port, delivery);
      for (const connection of ["keep-alive", "close"]) {
        const { headers, body } = signed();
        const lines = Object.entries({ ...headers, connection, "content-length": body.length }).map((line) => `${line.join(": ")}\r\n`);
        socket.write(`POST / HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join("")}\r\n${body}`);
      }
      const heads = (await readAll(socket)).match(/^(HTTP|content-length).*$/gim);
      expect(heads).toEqual([
        "HTTP/1.1 200 OK",
        "Content-Length: 0",
        "HTTP/1.1 200 OK",
        "Content-Length: 0",
        "HTTP/1.1 200 OK",
        "Content-Length: 0",
      ]);
      expect((await fetch(url, delivery)).headers.get("content-length")).toBe("0");
    },
  );

  it("answers handshakes and other methods", async () => {
    const { verifier } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier, async () => {}));
    const { url } = await open(app.callback());
    expect(await (await fetch(`${url}?challenge=abc`)).text()).toBe("abc");
    const head = await fetch(`${url}?challenge=abc`, { method: "HEAD" });
    expect([head.status, head.headers.get("allow")]).toEqual([405, expect.stringContaining("POST")]);
  });

  it("sends the refusal before it closes the connection on a body that goes on", async () => {
    const { verifier, records } = acmeVerifier({ maxBytes: 1000 });
    const app = makeApp(make);
    app.use(webhook(verifier, async () => {}));
    const { port } = await open(app.callback());
    const text = await readAll(dial(port, signed(), "/", 10_000_000));
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(text).toContain('"status":413');
    expect(outcomes(records)).toEqual(["BODY_TOO_LARGE"]);
  });

  it("says that a parser has taken the body, and works where it kept the text", async () => {
    const { verifier, records } = acmeVerifier();
    const ways: ((text: string) => object)[] = [
      () => ({}),
      (text) => ({ rawBody: text }),
      (text) => ({ rawBody: Buffer.from(text) }),
      (text) => ({ body: { [Symbol.for("unparsedBody")]: text } }),
      (text) => ({ body: text }),
    ];
    for (const keep of ways) {
      const app = makeApp(make);
      app.use(async (ctx, next) => {
        let text = "";
        for await (const chunk of ctx.req) text += String(chunk);
        Object.assign(ctx.request, { body: JSON.parse(text) as unknown }, keep(text));
        await next();
      });
      app.use(webhook(verifier, async () => {}));
      expect((await fetch((await open(app.callback())).url, signed())).status).toBe(keep === ways[0] ? 500 : 200);
    }
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED", undefined, undefined, undefined, undefined]);
    expect(records.map(({ detail }) => detail)).toContainEqual(expect.stringContaining("includeUnparsed: true"));
  });

  it.each<[string, (text: string) => object]>([
    ["rawBody, as bytes", (text) => ({ rawBody: Buffer.from(text), body: JSON.parse(text) as unknown })],
    ["body, as text", (text) => ({ body: text })],
  ])("takes what a layer around Koa has read and kept on Node's request as %s", async (_title, keep) => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier, async () => {}));
    const handle = app.callback();
    const { url } = await open(async (req, res) => {
      let text = "";
      for await (const chunk of req) text += String(chunk);
      await handle(Object.assign(req, keep(text)), res);
    });
    expect((await fetch(url, signed())).status).toBe(200);
    expect(outcomes(records)).toEqual([undefined]);
  });

  it("answers a sender that hangs up in the middle of its body with nothing stored", async () => {
    const { verifier, records } = acmeVerifier();
    const arrived = gate();
    const receive: typeof verifier.receive = (delivery) => {
      arrived.open();
      return verifier.receive(delivery);
    };
    const app = makeApp(make);
    app.use(webhook({ ...verifier, receive }, async () => {}));
    const { url, port } = await open(app.callback());
    const delivery = signed();
    const socket = dial(port, delivery, "/", delivery.body.length + 5);
    await arrived.promise;
    socket.resetAndDestroy();
    await waitFor(() => records.some(({ code }) => code === "BODY_INCOMPLETE"));
    expect((await fetch(url, delivery)).status).toBe(200);
  });

  it("works over HTTP/2, and denies success there", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use((ctx, next) =>
      next().catch(() => {
        ctx.body = "fine";
      }),
    );
    let runs = 0;
    app.use(
      webhook(verifier, async () => {
        if (runs++ === 0) throw new Error("no");
      }),
    );
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(`http://127.0.0.1:${port}`);
    const { headers, body } = signed();
    const statuses: unknown[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      const stream = client.request({ ":method": "POST", ":path": "/", host: "127.0.0.1", ...headers });
      stream.end(body);
      const [response] = (await once(stream, "response")) as [Record<string, unknown>];
      statuses.push(response[":status"]);
      stream.resume();
      await once(stream, "close");
    }
    client.close();
    server.close();
    expect([statuses, outcomes(records)]).toEqual([
      [500, 200],
      ["HANDLER_FAILED", undefined],
    ]);
  });
});
