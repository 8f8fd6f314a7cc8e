import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type WebhookHandler, webhook } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { observed, send } from "./sender.js";

type Handler = Extract<WebhookHandler<never>, (...values: never[]) => unknown>;

const listen = createListen();

const BROKEN_OFF: [string, Handler][] = [
  [
    "a reply that it had hijacked and begun, by a throw",
    async (_event, _request, reply) => {
      reply.hijack();
      reply.raw.flushHeaders();
      throw new Error("broken");
    },
  ],
  ["its response", async (_event, _request, reply) => void reply.raw.destroy()],
  ["its socket", async (_event, request) => void request.raw.socket.destroy()],
  [
    "its response, and works on",
    async (_event, _request, reply) => {
      reply.raw.destroy();
      await sleep(20);
    },
  ],
  [
    "its socket, and works on",
    async (_event, request) => {
      request.raw.socket.destroy();
      await sleep(20);
    },
  ],
  [
    "its response later, which it had begun",
    async (_event, _request, reply) => {
      reply.raw.write("o");
      setTimeout(() => reply.raw.destroy(), 20);
    },
  ],
  [
    "its response after it has sent",
    async (_event, _request, reply) => {
      reply.send("ok");
      reply.raw.destroy();
    },
  ],
];

describe.each(majors)("webhook on Fastify $major, as the whole route, whose response is broken off", ({ create }) => {
  it.each(BROKEN_OFF)("releases after a handler that breaks off %s", async (_title, handler) => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier, handler as never));
    const port = await listen(app);
    await expect(send(port).then((response) => response.text())).rejects.toThrow();
    await expect.poll(() => records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });
});
