import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { webhook } from "@countersign/serverless/gcf";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { hmac, SECRET, type Signed, signed, tampered, urlSigner, type Watched, watched } from "./acme.js";

type Handler = Parameters<typeof webhook>[1];

const servers: Server[] = [];
let names = 0;

/** The framework itself, on a port of its own. */
async function start(handler: Handler, options: Parameters<typeof watched>[0] = {}) {
  const own: Watched = watched(options);
  const name = `f${++names}`;
  http(name, webhook(own.verifier, handler));
  const server = getTestServer(name);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const send = ({ headers, body }: Signed, more: Record<string, string> = {}): Promise<Response> =>
    fetch(`${origin}/hook?x=1`, { method: "POST", headers: { ...headers, ...more }, body });
  return { ...own, send };
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe("webhook", () => {
  it("hands a genuine delivery to the handler, though the framework has parsed its body", async () => {
    const seen: unknown[] = [];
    const { send } = await start(
      async (event, req) => void seen.push([event.type, new TextDecoder().decode(event.rawBody), req.originalUrl]),
    );
    const delivery = signed({ name: "Zoë ✓" });
    const response = await send(delivery);
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(seen).toEqual([["order.paid", delivery.body, "/hook?x=1"]]);
  });

  it("refuses a body changed by one byte", async () => {
    const { send, records } = await start(() => expect.unreachable());
    const response = await send(tampered(signed()));
    expect([response.status, response.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("answers a second delivery of an event with success, and does not run the handler again", async () => {
    let runs = 0;
    const { send } = await start(async () => void runs++);
    const delivery = signed();
    await send(delivery);
    expect((await send(delivery)).status).toBe(200);
    expect(runs).toBe(1);
  });

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

  it.each(["application/octet-stream", "text/plain", "application/cloudevents+json"])(
    "verifies the bytes of %s, as of any type",
    async (type) => {
      const bodies: string[] = [];
      const { send } = await start(async (event) => void bodies.push(new TextDecoder().decode(event.rawBody)));
      const delivery = signed();
      expect((await send(delivery, { "content-type": type })).status).toBe(200);
      expect(bodies).toEqual([delivery.body]);
    },
  );

  it("verifies the URL as it came in, also where an Express app inside the function has stripped a prefix", async () => {
    const { verifier, records } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com/" }) });
    const app = express();
    app.use(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const name = `f${++names}`;
    http(name, app);
    const server = getTestServer(name);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { body } = signed();
    const response = await fetch(`http://localhost:${(server.address() as AddressInfo).port}/hook?a=%7e`, {
      method: "POST",
      headers: { "content-type": "application/json", "url-signature": hmac(`https://hooks.example.com/hook?a=%7e${body}`) },
      body,
    });
    expect([response.status, records[0]?.code]).toEqual([200, undefined]);
  });

  it("takes address and protocol from the front end that the verifier trusts", async () => {
    const options = { trustedProxies: { hops: 1 }, allow: ["203.0.113.9"] };
    const { send } = await start(async () => {}, options);
    const front = (forwarded: string, protocol: string) => ({ "x-forwarded-for": forwarded, "x-forwarded-proto": protocol });
    expect((await send(signed(), front("198.51.100.1, 203.0.113.9", "https"))).status).toBe(200);
    expect((await send(signed(), front("203.0.113.9, 198.51.100.1", "https"))).status).toBe(403);
    expect((await send(signed(), front("203.0.113.9", "http"))).status).toBe(403);
  });

  it("does not believe the front end of a verifier that names none", async () => {
    const { send } = await start(() => expect.unreachable(), { allow: ["203.0.113.9"] });
    expect((await send(signed(), { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" })).status).toBe(403);
  });
});
