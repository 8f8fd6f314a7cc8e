import { Body, Controller, type INestApplication, Post } from "@nestjs/common";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { describe, expect, it } from "vitest";
import { exchange, observed, send, sendEndless, toBody, toSignature } from "../../fastify/test/sender.js";
import { Event, Webhook } from "../src/index.js";
import { createListen, platforms } from "./app.js";

const listen = createListen();

/** Lets the app read each body as it is, in the way of either platform. */
function parseRaw(app: INestApplication, kind: "buffer" | "string"): void {
  const fastify = app.getHttpAdapter().getInstance();
  if (typeof fastify.addContentTypeParser !== "function")
    (app as NestExpressApplication).useBodyParser(kind === "buffer" ? "raw" : "text", { type: "*/*" });
  else {
    fastify.removeContentTypeParser("application/json");
    fastify.addContentTypeParser("application/json", { parseAs: kind }, async (_request: unknown, body: unknown) => body);
  }
}

describe.each(platforms)("Webhook on $platform", ({ platform, createAdapter }) => {
  it("says how to keep raw bodies where Nest's parser has kept none", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const port = await listen(createAdapter, Hooks, { rawBody: false });
    const response = await send(port);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(records[0]).toMatchObject({ code: "BODY_ALREADY_PARSED", detail: expect.stringContaining("rawBody: true") });
  });

  it.each(["buffer", "string"] as const)("takes the %s that a raw parser of the app's own has left as the body", async (kind) => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Event("payload") payload: unknown, @Body() parsed: unknown) {
        return { payload, parsed };
      }
    }
    const port = await listen(createAdapter, Hooks, { rawBody: false, bodyParser: false, setUp: (app) => parseRaw(app, kind) });
    const body = toBody();
    const response = await send(port, body);
    expect([response.status, await response.json()]).toEqual([201, { payload: JSON.parse(body), parsed: JSON.parse(body) }]);
    expect((await send(port, body.replace("1200", "1201"), { headers: { "acme-signature": toSignature(body) } })).status).toBe(401);
    expect(records.map(({ outcome, code }) => [outcome, code])).toEqual([
      ["accepted", undefined],
      ["rejected", "SIGNATURE_MISMATCH"],
    ]);
  });

  it("says so where it stands on a controller and on its method", async () => {
    const { verifier, records } = observed();
    @Controller()
    @Webhook(verifier)
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    expect((await send(await listen(createAdapter, Hooks))).status).toBe(500);
    expect(records.map(({ code }) => code)).toEqual(["BODY_ALREADY_PARSED", "HANDLER_FAILED"]);
    expect(records[0]?.detail).toContain("webhook stands twice on this route");
  });

  it("refuses what its limits and Nest's parsers leave to it", async () => {
    const { verifier, records } = observed({ maxBytes: 100 });
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const port = await listen(createAdapter, Hooks);
    const { text } = await exchange(port, "POST /hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 401 /);
    expect((await send(port, toBody("x".repeat(200)))).status).toBe(413);
    expect(records.map(({ code }) => code)).toEqual(["HEADER_MISSING", "BODY_TOO_LARGE"]);
  });

  it("takes what is over the parser's own limit once that is raised, which answers for itself before", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const large = toBody().replace("{", `{"more":"${"x".repeat(2_000_000)}",`);
    expect((await send(await listen(createAdapter, Hooks), large)).status).toBe(413);
    expect(records).toEqual([]);
    const raise = (app: INestApplication): void => {
      if (platform === "Express") (app as NestExpressApplication).useBodyParser("json", { limit: "25mb" });
    };
    const port = await listen(() => createAdapter({ bodyLimit: 26_214_400 }), Hooks, { setUp: raise });
    expect((await send(port, large)).status).toBe(200);
  });

  it("guards every route of a controller", async () => {
    const { verifier } = observed();
    @Controller()
    @Webhook(verifier)
    class Hooks {
      @Post("hook")
      handle(@Event("type") type: string) {
        return type;
      }
    }
    const port = await listen(createAdapter, Hooks);
    expect(await (await send(port)).text()).toBe("order.paid");
    expect((await fetch(`http://127.0.0.1:${port}/hook`, { method: "POST" })).status).toBe(401);
  });
});

describe("Webhook on Express, for a content type that no parser reads", () => {
  it("reads the body itself", async () => {
    const { verifier, records } = observed();
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Event("rawBody") bytes: Uint8Array) {
        return String(bytes.length);
      }
    }
    const port = await listen(platforms[0].createAdapter, Hooks);
    const body = toBody();
    const response = await send(port, body, { headers: { "content-type": "text/x-odd" } });
    expect([response.status, await response.text(), records[0]?.outcome]).toEqual([201, String(body.length), "accepted"]);
  });

  it("closes the connection after a refusal that comes before the body's end", async () => {
    const { verifier, records } = observed({ maxBytes: 100 });
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle() {}
    }
    const port = await listen(platforms[0].createAdapter, Hooks);
    const { text, written } = await sendEndless(port);
    expect(text).toMatch(/^HTTP\/1.1 413 [\s\S]*connection: close/i);
    expect(written).toBeLessThan(40_000_000);
    expect(records[0]?.code).toBe("BODY_TOO_LARGE");
  });
});
