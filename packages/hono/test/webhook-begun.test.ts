import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { acmeVerifier, outcomes, signed } from "../../express/test/acme.js";
import { open, waitFor } from "../../express/test/session.js";
import { webhook } from "../src/index.js";

// Node's server says there what it cannot send
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

const begin = (c: Context): unknown => (c.env as HttpBindings).outgoing.writeHead(200).write("begun");

describe.each(["handler", "middleware"])("webhook in the form of a %s, whose answer on Node's response has begun", (form) => {
  it.each([
    ["never ends", "HANDLER_TIMEOUT", () => new Promise<never>(() => {})],
    ["throws", "HANDLER_FAILED", () => Promise.reject(new Error("out of stock"))],
  ])("breaks it off where the handler %s", async (_title, code, end) => {
    const { verifier, records } = acmeVerifier({ handlerTimeout: 0.1, lease: 1 });
    const app = new Hono();
    const answer = async (c: Context): Promise<Response> => {
      begin(c);
      return end();
    };
    if (form === "handler")
      app.post(
        "/",
        webhook(verifier, (_event, c) => answer(c)),
      );
    else app.post("/", webhook(verifier), answer);
    const { url } = await open(getRequestListener(app.fetch));
    await expect(fetch(url, signed()).then((response) => response.text())).rejects.toThrow();
    expect(outcomes(records)).toEqual([code]);
  });

  it.each([
    [200, undefined],
    [500, "HANDLER_FAILED"],
  ])("judges it by its status where nobody says that it was sent: %i", async (status, code) => {
    const { verifier, records } = acmeVerifier();
    const app = new Hono();
    const answer = (c: Context): undefined => {
      const { outgoing } = c.env as HttpBindings;
      outgoing.writeHead(status).write("in ");
      setImmediate(() => outgoing.end("parts"));
    };
    if (form === "handler")
      app.post(
        "/",
        webhook(verifier, (_event, c) => answer(c)),
      );
    else app.post("/", webhook(verifier), answer as never);
    const { url } = await open(getRequestListener(app.fetch));
    const response = await fetch(url, signed());
    expect([response.status, await response.text()]).toEqual([status, "in parts"]);
    await waitFor(() => outcomes(records).length === 1);
    expect(outcomes(records)).toEqual([code]);
  });
});
