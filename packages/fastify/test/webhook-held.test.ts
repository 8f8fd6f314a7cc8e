import { once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { type WebhookHandler, webhook } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { observed, send, storeOfSlowCommits, toBody } from "./sender.js";

type Handler = Extract<WebhookHandler<never>, (...values: never[]) => unknown>;

const listen = createListen();

/** What is sent waits for the handler, unless the handler waits for it. */
const ANSWERED: [string, Handler, number, string][] = [
  [
    "sends, and ends later",
    async (_event, _request, reply) => {
      send201(reply);
      await sleep(20);
    },
    201,
    "ok",
  ],
  ["returns the reply it has sent", async (_event, _request, reply) => reply.code(201).send("ok"), 201, "ok"],
  ["waits for the reply it has sent", async (_event, _request, reply) => void (await reply.code(201).send("ok")), 201, "ok"],
  [
    "waits for the reply it sends from a callback",
    (_event, _request, reply) => {
      setTimeout(() => reply.code(201).send("ok"), 5);
      return reply;
    },
    201,
    "ok",
  ],
  [
    "waits until its response has been sent",
    async (_event, _request, reply) => {
      send201(reply);
      await once(reply.raw, "finish");
    },
    201,
    "ok",
  ],
  [
    "sends twice",
    async (_event, _request, reply) => {
      send201(reply);
      reply.code(500).send("no");
      await sleep(10);
    },
    201,
    "ok",
  ],
  [
    "begins on Node's response, and ends that later",
    async (_event, _request, reply) => {
      reply.raw.writeHead(201).write("o");
      setTimeout(() => reply.raw.end("k"), 20);
    },
    201,
    "ok",
  ],
  [
    "sets another status after it has sent",
    async (_event, _request, reply) => {
      send201(reply);
      reply.code(500);
    },
    201,
    "ok",
  ],
];

function send201(reply: FastifyReply): void {
  reply.code(201).send("ok");
}

const FAILED: [string, Handler, number][] = [
  [
    "throws after it has sent, and worked on",
    async (_event, _request, reply) => {
      reply.send("ok");
      await sleep(20);
      throw new Error("broken");
    },
    500,
  ],
  [
    "throws after it has sent a failure",
    async (_event, _request, reply) => {
      reply.code(503).send("no");
      throw new Error("broken");
    },
    503,
  ],
  [
    "throws after it has sent, and listened for its connection's end",
    async (_event, _request, reply) => {
      reply.send("ok");
      reply.raw.on("close", () => {});
      await sleep(20);
      throw new Error("broken");
    },
    500,
  ],
  [
    "hijacks its reply, and answers a failure later",
    async (_event, _request, reply) => {
      reply.hijack();
      setTimeout(() => reply.raw.writeHead(503).end("no"), 20);
    },
    503,
  ],
  ["answers that nothing is found", async (_event, _request, reply) => void reply.callNotFound(), 404],
  [
    "sends what cannot be serialized",
    async (_event, _request, reply) => {
      const circle: Record<string, unknown> = {};
      circle.circle = circle;
      reply.send(circle);
    },
    500,
  ],
  [
    "throws after it has hijacked its reply",
    async (_event, _request, reply) => {
      reply.hijack();
      throw new Error("broken");
    },
    500,
  ],
];

describe.each(majors)("webhook on Fastify $major, as the whole route", ({ create }) => {
  it.each(ANSWERED)("commits after a handler that %s", async (_title, handler, status, text) => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier, handler as never));
    const port = await listen(app);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect((await send(port, body)).status).toBe(200);
    expect(records.map(({ outcome }) => outcome)).toEqual(["accepted", "duplicate"]);
  });

  it.each(FAILED)("releases after a handler that %s", async (_title, handler, status) => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier, handler as never));
    const port = await listen(app);
    const body = toBody();
    expect((await send(port, body)).status).toBe(status);
    expect((await send(port, body)).status).toBe(status);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it("closes a stream that it does not send, since the handler has failed", async () => {
    const app = create();
    const { verifier } = observed();
    const stream = new Readable({ read() {} });
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.send(stream);
        throw new Error("broken");
      }),
    );
    expect((await send(await listen(app))).status).toBe(500);
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    [200, "committed"],
    [503, "released"],
  ])("holds the %i that the handler has sent until it has ended and the event is %s", async (status, settled) => {
    const app = create();
    const order: string[] = [];
    const slow = storeOfSlowCommits(() => order.push("committed"));
    const { verifier } = observed({ store: { ...slow, release: () => sleep(50).then(() => void order.push("released")) } });
    app.addHook("onResponse", async () => void order.push("replied"));
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.code(status).send("ok");
        await sleep(20);
        order.push("ended");
      }),
    );
    await send(await listen(app));
    expect(order).toEqual(["ended", settled, "replied"]);
  });

  it("answers 500 where the handler has sent and its time is over", async () => {
    const app = create();
    const { verifier, records } = observed({ handlerTimeout: 0.05 });
    app.post(
      "/hook",
      webhook(verifier, (_event, _request, reply) => {
        reply.send("ok");
        return new Promise(() => {});
      }),
    );
    expect((await send(await listen(app))).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it("takes no success for the handler's that was answered before it had run", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("preHandler", (_request, reply) => void reply.send("ok"));
    app.post(
      "/hook",
      webhook(verifier, () => expect.unreachable()),
    );
    expect((await send(await listen(app))).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it.each<[string, (reply: FastifyReply) => unknown]>([
    [
      "an error that was sent while the handler is at work",
      async (reply) => {
        reply.send(new Error("broken"));
        await sleep(20);
      },
    ],
    ["an error that was sent and is waited for", async (reply) => void (await reply.send(new Error("broken")))],
    ["a failure that cannot be sent", (reply) => void reply.code(503).type("text/plain").send({ not: "text" })],
  ])("lets no error handling make a success of %s", async (_, act) => {
    const app = create();
    const { verifier, records } = observed();
    app.setErrorHandler((_error, _request, reply) => reply.code(200).send("fine"));
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => act(reply)),
    );
    expect((await send(await listen(app))).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("records the error that was sent while the handler is at work", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.send(Object.assign(new Error("broken"), { statusCode: 502 }));
        await sleep(20);
      }),
    );
    expect((await send(await listen(app))).status).toBe(502);
    await expect.poll(() => records).toMatchObject([{ code: "HANDLER_FAILED", cause: { message: "broken" } }]);
  });

  it("lets an app's hook that fails on the answer have its error answered", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("onSend", async (_request, _reply, payload) => {
      if (payload === "ok") throw Object.assign(new Error("broken hook"), { statusCode: 502 });
    });
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => void reply.send("ok")),
    );
    expect((await send(await listen(app))).status).toBe(502);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });
});
