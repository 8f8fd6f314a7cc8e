import { once } from "node:events";
import { createServer, connect as http2Connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { discardBody, type NodeRequest } from "../src/index.js";
import { arrive, closed, codeOf, head, listeners } from "./endpoint.js";

const REFUSAL = "HTTP/1.1 413 Payload Too Large";

describe("discardBody", () => {
  it("drops what is left of a small body and keeps the connection", async () => {
    const { request, response, client } = await arrive(`${head("Content-Length: 10")}01234`);
    const before = listeners(request);
    const discarding = discardBody(request);
    client.write("56789");
    await discarding;
    expect(request.complete).toBe(true);
    expect(request.socket.destroyed).toBe(false);
    expect([listeners(request)[0], listeners(request)[1]]).toEqual(before.slice(0, 2));
    response.end("ok");
    expect(String((await once(client, "data"))[0])).toContain("200 OK");
  });

  it("drops what is left after a refusal", async () => {
    const { request } = await arrive(`${head("Content-Length: 20")}01234567890123456789`);
    expect(await codeOf(request, { maxBytes: 10 })).toBe("BODY_TOO_LARGE");
    await discardBody(request);
    expect(request.complete).toBe(true);
  });

  it("returns at once where the body is over or the connection gone", async () => {
    const over = await arrive(`${head("Content-Length: 2")}ab`);
    expect(await codeOf(over.request)).toBe(undefined);
    await discardBody(over.request, { timeout: 3600 });
    const gone = await arrive(head("Content-Length: 2"));
    gone.request.destroy();
    await discardBody(gone.request, { timeout: 3600 });
  });

  it("lets a sender that reads no reply before it has sent all send twelve megabytes", async () => {
    const { request, response, client } = await arrive(head("Content-Length: 12000000"));
    client.pause();
    const sent = new Promise((resolve) => client.write(Buffer.alloc(12_000_000), resolve));
    response.writeHead(413, { "content-length": 2, connection: "close" });
    response.write("no");
    await discardBody(request, { timeout: 3600 });
    response.end();
    expect(await sent).toBeFalsy();
    client.resume();
    expect(String((await once(client, "data"))[0])).toContain(REFUSAL);
  });

  it("closes the connection past its limit, after the reply has left", async () => {
    const { request, response, client } = await arrive(`${head("Content-Length: 1000000")}${"x".repeat(5000)}`);
    let reply = "";
    client.on("data", (data) => {
      reply += data;
    });
    response.writeHead(413, { "content-length": 2, connection: "close" });
    response.write("no");
    await discardBody(request, { maxBytes: 1000, timeout: 3600 });
    expect(request.socket.destroyed).toBe(true);
    await closed(client);
    expect(reply).toContain(REFUSAL);
  });

  it("closes the connection at its deadline", async () => {
    const { request, client } = await arrive(`${head("Content-Length: 100")}01234`);
    const started = performance.now();
    await discardBody(request, { timeout: 0.05 });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(request.destroyed).toBe(true);
    await closed(client);
  });

  it("ends when the sender hangs up", async () => {
    const { request, client } = await arrive(`${head("Content-Length: 100")}01234`);
    const discarding = discardBody(request, { timeout: 3600 });
    client.destroy();
    await discarding;
    expect(request.destroyed).toBe(true);
  });

  it("destroys a stream that has no socket", async () => {
    const stream = Readable.from([Buffer.alloc(10), Buffer.alloc(10)]);
    await discardBody(stream, { maxBytes: 5 });
    expect(stream.destroyed).toBe(true);
  });

  it("resets an HTTP/2 stream alone, past its limit and at its deadline", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = http2Connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (const options of [{ maxBytes: 2 }, { timeout: 0.05 }]) {
      const outgoing = client.request({ ":method": "POST", ":path": "/" });
      outgoing.on("error", () => {});
      outgoing.resume();
      outgoing.write("abcdef");
      const [request] = (await once(server, "request")) as [NodeRequest];
      await discardBody(request, options);
      await closed(outgoing);
      expect(outgoing.rstCode).toBe(0);
      expect(client.destroyed).toBe(false);
    }
    client.close();
    server.close();
    await once(server, "close");
  });
});
