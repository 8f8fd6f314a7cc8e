import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { Controller, type INestApplication, Next, Post, Req, Res } from "@nestjs/common";
import { describe, expect, it } from "vitest";
import { observed, send, toBody } from "../../fastify/test/sender.js";
import { Webhook } from "../src/index.js";
import type { Answer } from "./answer.js";
import { createListen, platforms } from "./app.js";

const listen = createListen();

describe.each(platforms)("Webhook on $platform, of a handler that answers after it has returned", ({ createAdapter }) => {
  const later = (response: Answer): void => void setTimeout(() => response.status(202).send("later"), 10);

  it("waits for it, beside other methods and in a controller that inherits it", async () => {
    const { verifier, records } = observed();
    class Base {
      ping() {}
      @Post("hook")
      @Webhook(verifier)
      handle(@Res() response: Answer) {
        later(response);
      }
    }
    @Controller()
    class Hooks extends Base {
      pong() {}
    }
    const response = await send(await listen(createAdapter, Hooks));
    expect([response.status, await response.text()]).toEqual([202, "later"]);
    expect(records.map(({ status }) => status)).toEqual([202]);
  });
});

describe("Webhook on Express, of a handler that is given next", () => {
  it("waits for who answers behind it", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Next() next: () => void) {
        setTimeout(next, 10);
      }
      @Post("hook")
      behind(@Res() response: Answer) {
        response.status(202).send("behind");
      }
    }
    const response = await send(await listen(platforms[0].createAdapter, Hooks));
    expect([response.status, await response.text()]).toEqual([202, "behind"]);
    expect(records.map(({ status }) => status)).toEqual([202]);
  });
});

describe("Webhook on Express, of a handler that finds the response by itself", () => {
  it("keeps its answer, though it returns nothing", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Req() request: { res: Answer }) {
        request.res.status(202).send("taken");
      }
    }
    const response = await send(await listen(platforms[0].createAdapter, Hooks));
    expect([response.status, await response.text()]).toEqual([202, "taken"]);
    expect(records.map(({ status, code }) => [status, code])).toEqual([[202, undefined]]);
  });
});

describe("Webhook on Express, behind a middleware that gives those who wait for `drain` to a stream of its own", () => {
  it.each<[string, (response: ServerResponse) => unknown]>([
    ["pipes", (response) => void Readable.from(["one ", "two"]).pipe(response)],
    [
      "waits for it",
      async (response) => {
        if (!response.write("one ")) await once(response, "drain");
        response.end("two");
      },
    ],
  ])("sends the answer of a handler that %s", async (_title, answer) => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Res() response: ServerResponse) {
        return answer(response);
      }
    }
    const setUp = (app: INestApplication): void => {
      app.use((_request: unknown, response: ServerResponse, next: () => void) => {
        const { on } = response;
        response.on = ((name: string, listener: () => void) =>
          name === "drain" ? response : on.call(response, name, listener)) as typeof on;
        next();
      });
    };
    const port = await listen(platforms[0].createAdapter, Hooks, { setUp });
    const response = await send(port, toBody(), { signal: AbortSignal.timeout(2000) });
    expect([response.status, await response.text()]).toEqual([201, "one two"]);
    expect(records.map(({ status, code }) => [status, code])).toEqual([[201, undefined]]);
  });
});
