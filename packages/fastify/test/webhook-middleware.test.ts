import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { webhook, webhookOf } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { closeAfterEach } from "./close-after-each.js";
import { createHeldHandler, expectHeldClaim } from "./held-handler.js";
import { observed, send, toBody, toSignature } from "./sender.js";

const closing = closeAfterEach();
const listen = createListen(closing);

describe.each(majors)("webhook on Fastify $major, as middleware", ({ create }) => {
  it("passes the event on as request.webhook, its payload as request.body", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier), async (request) => {
      const { event } = webhookOf(request);
      expect((request as { webhook?: unknown }).webhook).toEqual({ event });
      return { type: event.type, body: request.body };
    });
    const port = await listen(app);
    const body = toBody();
    expect(await (await send(port, body)).json()).toEqual({ type: "order.paid", body: JSON.parse(body) });
    expect((await send(port, body)).headers.get("content-length")).toBe("0");
    expect(records.map(({ outcome }) => outcome)).toEqual(["accepted", "duplicate"]);
  });

  it("works inside app.route, behind a schema and a preHandler", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.route({
      method: "POST",
      url: "/hook",
      ...webhook(verifier),
      schema: { body: { type: "object", required: ["cents"] } },
      preHandler: async (request) => void request.log.info("here"),
      handler: async () => "ok",
    });
    const port = await listen(app);
    expect(await (await send(port)).text()).toBe("ok");
    expect((await send(port, JSON.stringify({ id: "bare", type: "x" }))).status).toBe(400);
    expect(records.map(({ status, code }) => [status, code])).toEqual([
      [200, undefined],
      [500, "HANDLER_FAILED"],
    ]);
  });

  it.each<[string, (reply: FastifyReply) => unknown]>([
    ["sends an error, and returns nothing", async (reply) => void reply.send(new Error("broken"))],
    ["sends what cannot be serialized, and returns nothing", async (reply) => void reply.send({ big: 1n })],
    ["sends an error, and a success after it", (reply) => void reply.send(new Error("broken")).send("fine")],
  ])("releases after a handler that %s", async (_title, handler) => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier), (_request, reply) => handler(reply));
    expect((await send(await listen(app))).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("replaces a success that an error handler made of a failure", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.setErrorHandler(async () => ({ ok: true }));
    app.post("/hook", { ...webhook(verifier), errorHandler: (_error, _request, reply) => void reply.code(200).send("fine") }, async () => {
      throw new Error("broken");
    });
    const port = await listen(app);
    expect((await send(port)).status).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("commits a stream by its status, and an empty 200", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/stream", webhook(verifier), (_request, reply) => void reply.send(Readable.from(["a", "b"])));
    app.post("/empty", webhook(verifier), async () => {});
    const port = await listen(app);
    expect(await (await send(port, toBody(), { path: "/stream" })).text()).toBe("ab");
    expect((await send(port, toBody(), { path: "/empty" })).status).toBe(200);
    expect(records.map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each([
    ["sends and returns nothing", async (reply: FastifyReply) => void reply.code(204).send(), 204],
    ["sends twice", async (reply: FastifyReply) => void reply.code(202).send("one").send("two"), 202],
    [
      "throws after it has sent",
      async (reply: FastifyReply) => {
        reply.code(202).send("one");
        throw new Error("broken");
      },
      202,
    ],
    ["sends a stream and returns nothing", async (reply: FastifyReply) => void reply.code(201).send(Readable.from(["one"])), 201],
  ])("sends the first answer alone of a handler that %s", async (_title, handler, status) => {
    const app = create();
    const { verifier, records } = observed();
    app.route({ method: "POST", url: "/hook", ...webhook(verifier), handler: (_request, reply) => handler(reply as FastifyReply) });
    const port = await listen(app);
    expect((await send(port)).status).toBe(status);
    expect((await send(port)).status).toBe(status);
    expect(records.map((record) => [record.status, record.code])).toEqual([
      [status, undefined],
      [status, undefined],
    ]);
  });

  it.each([
    ["its response", async (reply: FastifyReply) => void reply.raw.destroy()],
    ["its socket", async (reply: FastifyReply) => void reply.request.raw.socket.destroy()],
    [
      "its response, and answers later",
      async (reply: FastifyReply) => {
        reply.raw.destroy();
        await sleep(20);
        return "late";
      },
    ],
  ])("releases after a handler that breaks off %s", async (_title, handler) => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier), (_request, reply) => handler(reply as FastifyReply));
    const port = await listen(app);
    await expect(send(port)).rejects.toThrow();
    await expect.poll(() => records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("keeps the claim when the sender hangs up, until the handler has answered", async () => {
    const app = create();
    const { verifier, records } = observed();
    const held = createHeldHandler();
    app.post("/hook", webhook(verifier), async (_request, reply) => {
      await held.hold(reply.raw);
      return "done";
    });
    await expectHeldClaim(await listen(app), held, records);
  });

  it("answers through inject, and refuses there", async () => {
    const app = create();
    const { verifier } = observed();
    app.post("/hook", webhook(verifier), async () => "ok");
    closing.push(app);
    const body = toBody();
    const headers = { "content-type": "application/json", "acme-signature": toSignature(body) };
    expect((await app.inject({ method: "POST", url: "/hook", headers, payload: body })).body).toBe("ok");
    expect((await app.inject({ method: "POST", url: "/hook", payload: body })).statusCode).toBe(401);
  });
});
