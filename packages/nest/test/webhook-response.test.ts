import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Controller, Post, Req, Res } from "@nestjs/common";
import { describe, expect, it } from "vitest";
import { createHeldHandler, expectHeldClaim } from "../../fastify/test/held-handler.js";
import { observed, send, toBody } from "../../fastify/test/sender.js";
import { Event, Webhook } from "../src/index.js";
import type { Answer } from "./answer.js";
import { createListen, platforms } from "./app.js";

const listen = createListen();

/** Takes Node's own response, for a handler that writes to that. */
function toNode(answer: Answer): NodeJS.WritableStream & { statusCode: number } {
  answer.hijack?.();
  return answer.raw ?? (answer as unknown as NodeJS.WritableStream & { statusCode: number });
}

describe.each(platforms)("Webhook on $platform, of a handler that is given the response", ({ createAdapter }) => {
  /** Starts a route of which each run does what `act` says, with the number of the run. */
  const start = async (act: (response: Answer, run: number) => unknown) => {
    const { verifier, records } = observed();
    let runs = 0;
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Res() response: Answer) {
        return act(response, ++runs);
      }
    }
    return { port: await listen(createAdapter, Hooks), records };
  };

  it.each<[string, (response: Answer) => unknown]>([
    [
      "throws at once",
      (response) => {
        response.header("x-own", "1");
        response.status(200).send("fine");
        throw new Error("out of stock");
      },
    ],
    [
      "fails later",
      async (response) => {
        response.header("x-own", "1");
        response.status(200).send("fine");
        await new Promise(setImmediate);
        throw new Error("out of stock");
      },
    ],
    [
      "fails in the midst of what it writes",
      async (response) => {
        toNode(response).write("begun");
        await new Promise(setImmediate);
        throw new Error("out of stock");
      },
    ],
  ])("releases where it has sent a success and %s", async (_, act) => {
    const { port, records } = await start((response, run) => (run === 1 ? act(response) : response.status(202).send("taken")));
    const body = toBody();
    const failed = await send(port, body);
    expect([failed.status, failed.headers.get("x-own"), failed.headers.get("content-type")]).toEqual([
      500,
      null,
      "application/problem+json",
    ]);
    const taken = await send(port, body);
    expect([taken.status, await taken.text()]).toEqual([202, "taken"]);
    expect(records).toMatchObject([
      { code: "HANDLER_FAILED", status: 500, cause: { message: "out of stock" } },
      { outcome: "accepted", status: 202 },
    ]);
  });

  it("sends the failure that it has sent, and nothing of what a filter makes of a throw behind it", async () => {
    const { port, records } = await start(async (response) => {
      response.status(422).send("no");
      await new Promise(setImmediate);
      throw new Error("out of stock");
    });
    const response = await send(port);
    expect([response.status, await response.text()]).toEqual([422, "no"]);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("releases where it has written the head of a failure by itself", async () => {
    const { port, records } = await start((response) => void (toNode(response) as ServerResponse).writeHead(503).end("no"));
    const response = await send(port);
    expect([response.status, await response.text()]).toEqual([503, "no"]);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("sends what it has sent, and no status that it sets behind that", async () => {
    const { port, records } = await start((response) => {
      response.status(202).send("taken");
      toNode(response).statusCode = 500;
    });
    expect((await send(port)).status).toBe(202);
    expect(records.map(({ code }) => code)).toEqual([undefined]);
  });

  it("waits for its end where it only listens for the connection's", async () => {
    const { port, records } = await start(async (response) => {
      response.status(202).send("taken");
      toNode(response).on("close", () => {});
      await new Promise(setImmediate);
      throw new Error("out of stock");
    });
    expect((await send(port)).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED"]);
  });

  it("bears that it writes to a sender that has hung up, and takes its word", async () => {
    const { verifier, records } = observed();
    const held = createHeldHandler();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle(@Req() request: { socket: NodeJS.EventEmitter }, @Res() response: Answer) {
        await held.hold(request.socket);
        const node = toNode(response);
        node.statusCode = 200;
        node.write("late");
        node.end();
      }
    }
    await expectHeldClaim(await listen(createAdapter, Hooks), held, records);
  });

  it("keeps the claim of one that is still at work behind its answer", async () => {
    let finish = (): void => {};
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { port, records } = await start(async (response) => {
      response.status(503).send("later");
      begin();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    const body = toBody();
    const first = send(port, body);
    await begun;
    expect((await send(port, body)).status).toBe(503);
    expect(records.map(({ code }) => code)).toEqual(["CLAIM_BUSY"]);
    finish();
    expect(await (await first).text()).toBe("later");
  });

  it("ignores what it still writes after its time, behind what it had begun to send", async () => {
    const { verifier, records } = observed({ handlerTimeout: 0.05 });
    let ended = (): void => {};
    const isEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      async handle(@Event("signal") signal: AbortSignal, @Res() response: Answer) {
        const node = toNode(response);
        node.write("begun");
        await once(signal, "abort");
        for (let turn = 0; turn < 100; turn++) {
          await undefined;
          node.write("late");
        }
        ended();
      }
    }
    const response = await send(await listen(createAdapter, Hooks));
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(await response.text()).not.toContain("late");
    await isEnded;
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it.each<[string, (response: Answer) => unknown]>([
    ["for its end's callback", (response) => new Promise<void>((resolve) => toNode(response).end("sent", resolve))],
    [
      "for a part to be sent",
      async (response) => {
        const node = toNode(response);
        await new Promise<unknown>((resolve) => node.write("se", resolve));
        node.end("nt");
      },
    ],
    [
      "for room",
      async (response) => {
        const node = toNode(response);
        if (!node.write("se")) await once(node, "drain");
        node.end("nt");
      },
    ],
    ["for finish", (response) => once(toNode(response).end("sent"), "finish")],
    ["for a stream to have run into it", (response) => pipeline(Readable.from(["se", "nt"]), toNode(response))],
  ])("commits where it waits %s", async (_, act) => {
    const { port, records } = await start(act);
    const response = await send(port);
    expect([response.ok, await response.text()]).toEqual([true, "sent"]);
    expect(records.map(({ status, code }) => [status, code])).toEqual([[response.status, undefined]]);
  });
});
