import { describe, expect, it } from "vitest";
import { webhook } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { observed, send, toBody } from "./sender.js";

const listen = createListen();

/** Answers that are a fetch `Response`, whose status is the one that Fastify sends. */
const say = (status: number): Response => new Response("said", { status, headers: { "x-said": "yes" } });

describe.each(majors)("webhook on Fastify $major, with a Response for an answer", ({ create }) => {
  it.each([
    ["sent", (status: number) => webhookOf((reply) => reply.send(say(status)))],
    ["sent over another status", (status: number) => webhookOf((reply) => reply.code(status === 500 ? 200 : 500).send(say(status)))],
    ["returned", (status: number) => webhookOf(() => say(status))],
  ] as const)("judges one that a handler has %s by its own status", async (_how, handlerOf) => {
    for (const status of [201, 500]) {
      const app = create();
      const { verifier, records } = observed();
      app.post("/hook", webhook(verifier, handlerOf(status)));
      const response = await send(await listen(app));
      expect([response.status, response.headers.get("x-said"), await response.text()]).toEqual([status, "yes", "said"]);
      expect(records.map(({ code }) => code)).toEqual([status === 500 ? "HANDLER_FAILED" : undefined]);
    }
  });

  it.each([
    ["returned", async () => say(503)],
    [
      "sent",
      async (_request: unknown, reply: { send(payload: unknown): unknown }) => {
        return reply.send(say(503));
      },
    ],
  ])("judges one that what follows the middleware has %s", async (_how, handler) => {
    const app = create();
    const { verifier, records } = observed();
    app.post("/hook", webhook(verifier), handler as never);
    const port = await listen(app);
    const body = toBody();
    expect((await send(port, body)).status).toBe(503);
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", "HANDLER_FAILED"]);
  });

  it.each(["handler", "middleware"])("lets none that the %s has thrown say success", async (form) => {
    const app = create();
    const { verifier, records } = observed();
    const fail = async (): Promise<never> => {
      throw say(200);
    };
    if (form === "handler") app.post("/hook", webhook(verifier, fail));
    else app.post("/hook", webhook(verifier), fail);
    const response = await send(await listen(app));
    expect([response.status, response.headers.get("x-said")]).toEqual([500, null]);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });
});

type Sending = { send(payload: unknown): unknown; code(status: number): Sending };

function webhookOf(answer: (reply: Sending) => unknown): (event: unknown, request: unknown, reply: Sending) => Promise<unknown> {
  return async (_event, _request, reply) => answer(reply);
}
