import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { exchange, observed, send, sendEndless, toBody, toSignature } from "./sender.js";

const listen = createListen();

describe.each(majors)("webhook on Fastify $major, as the whole route", ({ create }) => {
  it.each(["application/json", "text/x-odd", "application/x-www-form-urlencoded", "nonsense;;", ""])(
    "takes the content type %j without asking a parser",
    async (type) => {
      const app = create({ bodyLimit: 4 });
      const { verifier, records } = observed();
      app.addContentTypeParser("*", (_request, _payload, done) => done(new Error("a parser was asked")));
      app.post(
        "/hook",
        webhook(verifier, async () => {}),
      );
      const port = await listen(app);
      const body = toBody();
      const line = type === "" ? "" : `Content-Type: ${type}\r\n`;
      const { text } = await exchange(
        port,
        `POST /hook HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${line}Content-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`,
      );
      expect(text).toMatch(/^HTTP\/1.1 200 /);
      expect(records[0]?.outcome).toBe("accepted");
    },
  );

  it("leaves the parsers of sibling routes, and the app's body limit there", async () => {
    const app = create({ bodyLimit: 100 });
    const { verifier } = observed();
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    app.post("/json", async (request) => request.body);
    const port = await listen(app);
    const post = (body: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/json`, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await (await post('{"a":1}')).json()).toEqual({ a: 1 });
    expect((await post("nonsense")).status).toBe(400);
    expect((await post(JSON.stringify({ a: "x".repeat(200) }))).status).toBe(413);
    const long = JSON.stringify({ id: "long", type: "x".repeat(200) });
    expect((await send(port, long)).status).toBe(200);
  });

  it("gives the request its headers back", async () => {
    const app = create();
    const { verifier } = observed();
    const seen: unknown[] = [];
    app.post(
      "/hook",
      webhook(verifier, async (_event, { headers }) => void seen.push(headers["content-type"], headers["content-length"])),
    );
    const port = await listen(app);
    const body = toBody();
    await send(port, body);
    expect(seen).toEqual(["application/json", String(body.length)]);
  });

  it("leaves the request the headers that a hook of the app has set, also for the hooks that follow", async () => {
    const app = create();
    const { verifier } = observed();
    const seen: unknown[] = [];
    app.addHook("onRequest", async (request) => {
      request.headers = { ...request.headers, "x-set": "yes" };
    });
    app.addHook("preValidation", async ({ headers }) => void seen.push(headers["x-set"]));
    app.post(
      "/hook",
      webhook(verifier, async (_event, { headers }) => void seen.push(headers["x-set"], headers["content-type"])),
    );
    await send(await listen(app));
    expect(seen).toEqual(["yes", "yes", "application/json"]);
  });

  it("answers a method that the provider does not use with 405", async () => {
    const app = create();
    const { verifier } = observed();
    app.all(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const response = await fetch(`http://127.0.0.1:${port}/hook`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await send(port)).status).toBe(200);
  });

  it("refuses a target in absolute form", async () => {
    const app = create({ rewriteUrl: () => "/hook" });
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const { text } = await exchange(port, "POST https://evil/hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(records[0]?.code).toBe("TARGET_INVALID");
  });

  it("closes the connection after a refusal that comes before the body's end", async () => {
    const app = create();
    const { verifier, records } = observed({ maxBytes: 100 });
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const { text, written } = await sendEndless(port);
    expect(text).toMatch(/^HTTP\/1.1 413 [\s\S]*connection: close/i);
    expect(written).toBeLessThan(40_000_000);
    expect(records[0]?.code).toBe("BODY_TOO_LARGE");
  });

  it.each([false, true])(
    "fails closed where another preParsing hook stands in its place, also if errors are answered 200: %s",
    async (isAnswered) => {
      const app = create();
      const { verifier } = observed();
      let runs = 0;
      if (isAnswered) app.setErrorHandler((_error, _request, reply) => reply.code(200).send("fine"));
      const own = webhook(verifier, async () => void runs++);
      app.route({ ...own, method: "POST", url: "/hook", preParsing: async () => {} });
      app.route({ ...own, method: "POST", url: "/both", preParsing: async () => {}, preValidation: async () => {} });
      app.route({ ...webhook(verifier), method: "POST", url: "/middleware", preParsing: async () => {}, handler: async () => ++runs });
      const port = await listen(app);
      for (const path of ["/hook", "/both", "/middleware"]) {
        const response = await send(port, toBody(), { path });
        expect([response.status, await response.text()]).toEqual([
          500,
          isAnswered ? "" : expect.stringContaining("the route's own preParsing hook has not run"),
        ]);
      }
      expect(runs).toBe(0);
    },
  );

  it("leaves alone what a hook of the app answers before it", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("preParsing", async (_request, reply) => reply.code(202).send("closed for today"));
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const response = await send(await listen(app));
    expect([response.status, await response.text()]).toEqual([202, "closed for today"]);
    expect(records).toEqual([]);
  });

  it("reads the stream that a hook of the app hands over", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("preParsing", async (_request, _reply, payload) => payload.pipe(new PassThrough()));
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    expect((await send(await listen(app))).status).toBe(200);
    expect(records.map(({ outcome }) => outcome)).toEqual(["accepted"]);
  });

  it("knows the address of a sender that is gone before the app's own hooks have ended", async () => {
    const app = create();
    const { verifier, records } = observed({ allow: ["127.0.0.1"] });
    app.addHook("preParsing", (request, _reply, payload, done) => void request.raw.socket.once("close", () => done(null, payload)));
    app.post(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const port = await listen(app);
    const body = toBody();
    const socket = connect(port, "127.0.0.1");
    app.server.once("request", () => socket.resetAndDestroy());
    socket.write(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nAcme-Signature: ${toSignature(body)}\r\n\r\n${body}`);
    await expect.poll(() => records.map(({ code }) => code)).toEqual(["BODY_INCOMPLETE"]);
  });

  it("refuses what is no verifier while the app is built", () => {
    expect(() => webhook({} as never, async () => {})).toThrow(/a verifier as first argument/);
  });
});
