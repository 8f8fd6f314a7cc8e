import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as later } from "node:timers/promises";
import type { Request, Response } from "@google-cloud/functions-framework";
import { describe, expect, it } from "vitest";
import { signed } from "./acme.js";
import { start } from "./functions-framework.js";

type Answer = (event: unknown, req: Request, res: Response) => unknown;

async function* slowly(): AsyncGenerator<string> {
  yield "one ";
  await later();
  yield "two";
}

describe("webhook, by what its handler does to the response", () => {
  it("sends what the handler wrote, and runs it again after no success", async () => {
    let runs = 0;
    const { send } = await start(async (_event, _req, res) => {
      if (++runs === 1) res.status(503).send("later");
      else res.status(202).json({ taken: true });
    });
    const delivery = signed();
    const later = await send(delivery);
    expect([later.status, await later.text()]).toEqual([503, "later"]);
    const taken = await send(delivery);
    expect([taken.status, await taken.json()]).toEqual([202, { taken: true }]);
    expect((await send(delivery)).status).toBe(200);
    expect(runs).toBe(2);
  });

  it("waits for a handler that answers from a callback", async () => {
    const { send } = await start((_event, _req, res) => {
      setImmediate(() => res.sendStatus(204));
    });
    expect((await send(signed())).status).toBe(204);
  });

  it("sends the provider's success where the handler answered nothing, whatever it returned", async () => {
    const { send } = await start(async (_event, _req, _res) => "a value that the framework would send");
    const response = await send(signed());
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("answers 500 for a handler that throws, even after it wrote a success", async () => {
    const { send, records } = await start(async (_event, _req, res) => {
      res.set("x-one", "1").status(200).send("fine");
      throw new Error("out of stock");
    });
    const response = await send(signed());
    expect([response.status, response.headers.get("x-one"), response.headers.get("content-type")]).toEqual([
      500,
      null,
      "application/problem+json",
    ]);
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("breaks off a success that had begun to leave when the handler threw", async () => {
    const { send, records } = await start(async (_event, _req, res) => {
      res.status(200).write("begun");
      throw new Error("out of stock");
    });
    await expect(send(signed()).then((response) => response.text())).rejects.toThrow();
    expect(records[0]?.code).toBe("HANDLER_FAILED");
  });

  it("answers 500 when the handler's time is over", async () => {
    const { send, records } = await start(() => new Promise(() => {}), { handlerTimeout: 0.05 });
    expect((await send(signed())).status).toBe(500);
    expect(records[0]?.code).toBe("HANDLER_TIMEOUT");
  });

  it.each<[string, Answer, number, string]>([
    ["pipes a slow stream", async (_e, _q, res) => void Readable.from(slowly()).pipe(res), 200, "one two"],
    ["waits for a pipeline", async (_e, _q, res) => pipeline(Readable.from(slowly()), res), 200, "one two"],
    ["waits for the callback of its end", async (_e, _q, res) => new Promise<void>((done) => void res.end("two", done)), 200, "two"],
    ["waits for finish", async (_e, _q, res) => once(res.status(202).end("two"), "finish"), 202, "two"],
    ["sends, and sets another status", async (_e, _q, res) => void res.status(200).send("two").status(500), 200, "two"],
  ])("commits, and keeps the answer, where it %s", async (_, handler, status, text) => {
    const { send, records } = await start(handler);
    const response = await send(signed());
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(records).toMatchObject([{ status, code: undefined }]);
  });

  it.each<[string, Answer, number, string]>([
    ["sets a status", async (_e, _q, res) => void res.status(503), 503, ""],
    ["writes a head", async (_e, _q, res) => void res.writeHead(503), 503, ""],
    ["begins a failure", async (_e, _q, res) => void res.writeHead(503).write("no"), 503, "no"],
    ["pipes a stream of a failure", async (_e, _q, res) => void Readable.from(["n", "o"]).pipe(res.status(500)), 500, "no"],
    ["sends, and sends again", async (_e, _q, res) => void res.status(400).send("no").status(200).send("yes"), 400, "no"],
    [
      "throws in a callback, which the framework answers",
      (_e, _q, _res) =>
        void setImmediate(() => {
          throw new Error("out of stock");
        }),
      500,
      "out of stock",
    ],
  ])("releases, and keeps the answer, where it %s", async (_, handler, status, text) => {
    const { send, records } = await start(handler);
    const delivery = signed();
    for (const _run of [1, 2]) {
      const response = await send(delivery);
      expect([response.status, await response.text()]).toEqual([status, text]);
    }
    expect(records).toMatchObject([
      { status, code: "HANDLER_FAILED" },
      { status, code: "HANDLER_FAILED" },
    ]);
  });

  it.each<[string, Answer]>([
    ["the response", async (_e, _q, res) => void res.destroy()],
    ["the response, in a callback", (_e, _q, res) => void setImmediate(() => res.destroy())],
    ["the socket", async (_e, req) => void req.socket.destroy()],
  ])("releases where it breaks off %s", async (_, handler) => {
    const { send, recorded } = await start(handler);
    const record = recorded();
    await expect(send(signed())).rejects.toThrow();
    expect(await record).toMatchObject({ code: "HANDLER_FAILED" });
  });

  it("ignores what a callback answers after the handler's time", async () => {
    let late = (): void => {};
    const { send, records } = await start(
      (_event, _req, res) => {
        late = () => void res.set("x-late", "1").cookie("a", "b").json({ late: true });
      },
      { handlerTimeout: 0.05 },
    );
    const response = await send(signed());
    late();
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining("late")]);
    expect(records).toMatchObject([{ code: "HANDLER_TIMEOUT" }]);
  });
});
