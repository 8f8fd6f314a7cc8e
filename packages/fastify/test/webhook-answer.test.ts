import { describe, expect, it } from "vitest";
import { type WebhookEvent, webhook } from "../src/index.js";
import { createListen, majors } from "./app.js";
import { observed, send, toBody, toSignature } from "./sender.js";

const listen = createListen();

describe.each(majors)("webhook on Fastify $major, as the whole route", ({ create }) => {
  it("hands over the verified event, commits, and sends the provider's success reply", async () => {
    const app = create();
    const { verifier, records } = observed();
    const seen: WebhookEvent[] = [];
    app.post(
      "/hook",
      webhook(verifier, async (event) => void seen.push(event)),
    );
    const port = await listen(app);
    const body = toBody();

    const first = await send(port, body);
    expect([first.status, await first.text()]).toEqual([200, ""]);
    expect(seen[0]?.payload).toEqual(JSON.parse(body));
    expect(Buffer.from(seen[0]?.rawBody as Uint8Array).toString()).toBe(body);
    expect((await send(port, body)).status).toBe(200);
    expect(seen).toHaveLength(1);
    expect(records.map(({ outcome, status }) => [outcome, status])).toEqual([
      ["accepted", 200],
      ["duplicate", 200],
    ]);
  });

  it("refuses a body changed by one byte, with a reply that no hook of the app touches", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("onSend", async () => "changed by the app");
    app.post(
      "/hook",
      webhook(verifier, async () => expect.unreachable()),
    );
    const port = await listen(app);
    const body = toBody();

    const response = await send(port, body.replace("1200", "1201"), { headers: { "acme-signature": toSignature(body) } });
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ title: "Unauthorized", status: 401 });
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("sends what the handler sent through reply, and commits by its status", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.code(202).send({ queued: true }); // not returned, and still the answer
      }),
    );
    const port = await listen(app);

    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toEqual([202, { queued: true }]);
    expect(records.map(({ outcome, status }) => [outcome, status])).toEqual([["accepted", 202]]);
    await send(port, body);
    expect(records[1]?.outcome).toBe("duplicate");
  });

  it.each([503, 404, 302])("releases after the handler's %i, so that a retry runs it again", async (status) => {
    const app = create();
    const { verifier } = observed();
    let runs = 0;
    app.post(
      "/hook",
      webhook(verifier, (_event, _request, reply) => {
        runs++;
        return reply.code(status).send("no");
      }),
    );
    const port = await listen(app);
    const body = toBody();
    expect((await send(port, body, { redirect: "manual" })).status).toBe(status);
    expect((await send(port, body, { redirect: "manual" })).status).toBe(status);
    expect(runs).toBe(2);
  });

  it("takes a status that was set for an answer, also if nothing was sent", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => void reply.code(503)),
    );
    const port = await listen(app);
    expect((await send(port)).status).toBe(503);
    expect(records[0]).toMatchObject({ status: 503, code: "HANDLER_FAILED" });
  });

  it("ignores what the handler returns without sending it", async () => {
    const app = create();
    const { verifier } = observed();
    app.post(
      "/hook",
      webhook(verifier, async () => ({ statusCode: 500, secret: "not for the provider" })),
    );
    const port = await listen(app);
    const response = await send(port);
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("releases when the handler throws, and leaves the reply to Fastify's error handling", async () => {
    const app = create();
    const { verifier, records } = observed();
    let runs = 0;
    app.post(
      "/hook",
      webhook(verifier, async () => {
        if (++runs === 1) throw Object.assign(new Error("broken"), { statusCode: 507 });
      }),
    );
    const port = await listen(app);
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toMatchObject([507, { message: "broken" }]);
    expect((await send(port, body)).status).toBe(200);
    expect(runs).toBe(2);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", undefined]);
    expect(records[0]?.cause).toMatchObject({ message: "broken" });
  });

  it.each([
    ["an error", new Error("broken")],
    ["text", "broken"],
    ["nothing", undefined],
  ])("replaces a success that an error handler made of %s that was thrown", async (_what, thrown) => {
    const app = create();
    const { verifier, records } = observed();
    app.setErrorHandler((_error, _request, reply) => reply.code(200).header("x-own", "1").send({ ok: true }));
    app.post(
      "/hook",
      webhook(verifier, () => {
        throw thrown;
      }),
    );
    const port = await listen(app);
    const response = await send(port);
    expect(response.status).toBe(500);
    expect(response.headers.get("x-own")).toBeNull();
    expect(await response.json()).toMatchObject({ status: 500, title: "Internal Server Error" });
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("replaces an answer that waits in a slow hook when the handler throws after it", async () => {
    const app = create();
    const { verifier, records } = observed();
    app.addHook("onSend", async (_request, _reply, payload) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return payload;
    });
    app.post(
      "/hook",
      webhook(verifier, async (_event, _request, reply) => {
        reply.send("ok");
        throw new Error("broken");
      }),
    );
    const port = await listen(app);
    expect((await send(port)).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("hands the event to a sink, and commits when it has it", async () => {
    const app = create();
    const { verifier, records } = observed();
    const kept: string[] = [];
    app.post("/hook", webhook(verifier, { accept: async (event, { signal }) => void kept.push(`${event.type} ${signal.aborted}`) }));
    app.post("/broken", webhook(verifier, { accept: () => Promise.reject(new Error("full")) }));
    const port = await listen(app);
    expect((await send(port)).status).toBe(200);
    expect((await send(port, toBody(), { path: "/broken" })).status).toBe(500);
    expect(kept).toEqual(["order.paid false"]);
    expect(records.map(({ code }) => code)).toEqual([undefined, "HANDLER_FAILED"]);
  });
});
