import type { RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect } from "vitest";
import { listen, type signed, unhandled } from "./acme.js";

const servers: { close(): Promise<void> }[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled.splice(0)).toEqual([]);
});

/** A real server for one test. */
export async function open(app: RequestListener): Promise<{ url: string; port: number }> {
  const server = await listen(app);
  servers.push(server);
  return server;
}

export function dial(port: number, delivery: ReturnType<typeof signed>, path = "/", length = Buffer.byteLength(delivery.body)): Socket {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  const lines = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${length}\r\n${lines.join("")}\r\n${delivery.body}`);
  return socket;
}

/** Reads what comes until the other side closes. */
export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Something to wait for until the test opens it. */
export function gate(): { promise: Promise<void>; open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Waits for what no event tells. */
export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
