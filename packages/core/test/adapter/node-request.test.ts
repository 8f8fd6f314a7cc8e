import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, type NetConnectOpts, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fromNodeRequest, type NodeRequest } from "../../src/adapter/node-request.js";
import type { Delivery } from "../../src/delivery.js";

const REQUEST = "POST /hook?a=1 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nhi";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listening(server: Server, at: { path: string } | { port: 0; host: string }): Promise<NetConnectOpts> {
  await new Promise<void>((resolve) => server.listen(at, resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return "path" in at ? at : { port: (server.address() as AddressInfo).port, host: at.host };
}

async function dial(to: NetConnectOpts): Promise<Socket> {
  const socket = connect(to);
  ends.push(() => socket.destroy());
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Serves one request, and answers what was made of it. */
async function serveOne(at: { path: string } | { port: 0; host: string }): Promise<{ to: NetConnectOpts; delivery: Promise<Delivery> }> {
  const server = createServer();
  const delivery = new Promise<Delivery>((resolve) => {
    server.on("request", (request, response) => {
      resolve(fromNodeRequest(request));
      response.on("error", () => {}).end();
    });
  });
  const to = await listening(server, at);
  ends.push(() => server.closeAllConnections());
  return { to, delivery };
}

const onTcp = { port: 0, host: "127.0.0.1" } as const;

function socketPath(): { path: string } {
  const folder = mkdtempSync(join(tmpdir(), "countersign-"));
  ends.push(() => rmSync(folder, { recursive: true }));
  return { path: join(folder, "server.sock") };
}

/** A request whose socket tells no remote address. */
const requestOn = (socket: object | null): NodeRequest => ({ rawHeaders: [], complete: true, socket }) as NodeRequest;

describe("fromNodeRequest", () => {
  it("takes the target, the headers and the peer as they came over the wire", async () => {
    const { to, delivery } = await serveOne(onTcp);
    (await dial(to)).write(REQUEST);
    expect(await delivery).toMatchObject({
      method: "POST",
      url: "/hook?a=1",
      wire: true,
      headers: ["host", "localhost", "content-length", "2"],
      address: "127.0.0.1",
      protocol: "http",
    });
  });

  it("tells that there is no address on a Unix socket", async () => {
    const { to, delivery } = await serveOne(socketPath());
    (await dial(to)).write(REQUEST);
    expect((await delivery).address).toBeUndefined();
  });

  it("tells a peer that has reset its connection from a Unix socket", async () => {
    const { to, delivery } = await serveOne(onTcp);
    const socket = await dial(to);
    socket.write(REQUEST);
    socket.resetAndDestroy();
    expect((await delivery).address).toBe("");
  });

  it("does so over HTTP/2, at once and when the stream is closed", async () => {
    const server = createHttp2Server();
    const addresses = new Promise<(string | undefined)[]>((resolve) => {
      server.on("request", (request) => {
        const first = fromNodeRequest(request).address;
        request.on("error", () => {}).on("close", () => resolve([first, fromNodeRequest(request).address]));
      });
      server.on("sessionError", () => {});
    });
    const socket = await dial(await listening(server, onTcp));
    const session = connectHttp2("http://localhost", { createConnection: () => socket });
    ends.push(() => session.destroy());
    session.on("error", () => {});
    session
      .request({ ":method": "POST" }, { endStream: false })
      .on("error", () => {})
      .write("hi");
    await new Promise((resolve) => session.once("connect", resolve));
    await new Promise(setImmediate);
    socket.resetAndDestroy();
    expect(await addresses).toEqual(["", ""]);
  });

  it("goes by the server that took the connection, where the socket has lost its own address too", () => {
    const address = { address: "127.0.0.1", family: "IPv4", port: 1 };
    expect(fromNodeRequest(requestOn({ server: { address: () => address } })).address).toBe("");
    const failing = (): never => {
      throw new Error("getsockname failed");
    };
    expect(fromNodeRequest(requestOn({ server: { address: failing } })).address).toBe("");
    for (const address of ["/run/app.sock", null]) {
      expect(fromNodeRequest(requestOn({ server: { address: () => address } })).address).toBeUndefined();
    }
    for (const server of [undefined, null, {}]) expect(fromNodeRequest(requestOn({ server })).address).toBeUndefined();
  });

  it("takes a socket that is closed or taken away for one that is gone", () => {
    expect(fromNodeRequest(requestOn({ destroyed: true }))).toMatchObject({ address: "", protocol: "http" });
    expect(fromNodeRequest(requestOn(null))).toMatchObject({ address: "", protocol: undefined });
  });

  it("takes an empty address for none: a bridge tells it of a request that came through a load balancer", () => {
    expect(fromNodeRequest(requestOn({ encrypted: true, remoteAddress: "" }))).toMatchObject({ address: undefined, protocol: "https" });
    expect(fromNodeRequest(requestOn({ remoteAddress: "", destroyed: true })).address).toBe("");
    expect(fromNodeRequest(requestOn({ remoteAddress: "", localAddress: "127.0.0.1" })).address).toBe("");
  });

  it("takes the protocol from the socket", () => {
    expect(fromNodeRequest(requestOn({ encrypted: true, remoteAddress: "192.0.2.1" }))).toMatchObject({
      address: "192.0.2.1",
      protocol: "https",
    });
  });

  it("takes the whole target where an app around ours has cut off its own part", () => {
    const request = { ...requestOn({}), url: "/in?a=1", originalUrl: "/mounted/in?a=1" };
    expect(fromNodeRequest(request)).toMatchObject({ url: "/mounted/in?a=1" });
    expect(fromNodeRequest(request, "/hook")).toMatchObject({ url: "/hook" });
  });

  it("takes the record of headers of a request that was made without raw ones", () => {
    const headers = { "x-signature": "abc" };
    for (const rawHeaders of [[], undefined]) expect(fromNodeRequest({ ...requestOn({}), headers, rawHeaders }).headers).toBe(headers);
    expect(fromNodeRequest({ ...requestOn({}), headers, rawHeaders: ["X-Signature", "abc"] }).headers).toEqual(["X-Signature", "abc"]);
    expect(fromNodeRequest(requestOn({})).headers).toEqual([]);
  });

  it("takes a request without method and target for one of nothing", () => {
    expect(fromNodeRequest(requestOn({}))).toMatchObject({ method: "", url: "" });
    expect(fromNodeRequest(requestOn({}), "/hook")).toMatchObject({ url: "/hook" });
  });
});
