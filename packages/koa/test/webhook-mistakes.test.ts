import type { Context } from "koa";
import { describe, expect, it } from "vitest";
import { acmeVerifier, outcomes, signed } from "../../express/test/acme.js";
import { gate, open } from "../../express/test/session.js";
import { webhook } from "../src/index.js";
import { makeApp, VERSIONS } from "./versions.js";

describe.each(VERSIONS)("webhook on %s", (_version, make) => {
  it("says so where it stands twice on one route", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(webhook(verifier));
    app.use(webhook(verifier, async () => {}));
    expect((await fetch((await open(app.callback())).url, signed())).status).toBe(500);
    expect(outcomes(records)).toEqual(["BODY_ALREADY_PARSED", "HANDLER_FAILED"]);
    expect(records).toContainEqual(expect.objectContaining({ detail: expect.stringContaining("webhook stands twice on this route") }));
  });

  it("answers for a handler that has taken Node's own response and never ends it, and what it does later comes to nothing", async () => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.05, lease: 1 });
    const late = gate();
    const app = makeApp(make);
    app.use(
      webhook(verifier, (_event, ctx) => {
        ctx.respond = false;
        setTimeout(() => {
          ctx.res.writeHead(200, { "x-late": "1" }).end("late");
          late.open();
        }, 120);
      }),
    );
    const response = await fetch((await open(app.callback())).url, signed());
    expect([response.status, await response.json()]).toMatchObject([500, { status: 500 }]);
    await late.promise;
    expect(outcomes(records)).toEqual(["HANDLER_TIMEOUT"]);
  });

  it("leaves an answer whole that a handler has ended before it throws", async () => {
    const { verifier, records } = acmeVerifier();
    const app = makeApp(make);
    app.use(
      webhook(verifier, async (_event, ctx) => {
        ctx.res.writeHead(409).end("x".repeat(2 ** 24));
        throw new Error("out of stock");
      }),
    );
    const response = await fetch((await open(app.callback())).url, signed());
    expect([response.status, (await response.text()).length]).toEqual([409, 2 ** 24]);
    expect(outcomes(records)).toEqual(["HANDLER_FAILED"]);
  });

  it("refuses what is no verifier while the app is built", () => {
    expect(() => webhook({} as never, async () => {})).toThrow(/a verifier as first argument/);
  });

  it.each([
    ["never ends", "HANDLER_TIMEOUT", () => new Promise<never>(() => {})],
    ["throws", "HANDLER_FAILED", () => Promise.reject(new Error("out of stock"))],
    ["throws what is frozen", "HANDLER_FAILED", () => Promise.reject(Object.freeze(new Error("out of stock")))],
  ])("breaks off a success that had begun where the handler %s", async (_title, code, end) => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.1, lease: 1 });
    const app = makeApp(make);
    app.use(
      webhook(verifier, async (_event, ctx) => {
        (ctx as Context).res.writeHead(200).write("begun");
        await end();
      }),
    );
    const { url } = await open(app.callback());
    await expect(fetch(url, signed()).then((response) => response.text())).rejects.toThrow();
    expect(outcomes(records)).toEqual([code]);
  });
});
