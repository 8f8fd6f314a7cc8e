import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type RawBody, RawBodyError, type RawBodyOptions, readRawBody } from "../src/index.js";

export const LIMITS: RawBodyOptions = { maxBytes: 1_048_576, timeout: 5 };

/** Starts a real server for one test, on a free port, and stops it after. */
export async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

/** Connects a bare socket for one test. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").setNoDelay();
  socket.on("error", () => {});
  await once(socket, "connect");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** The head of a POST, with these header lines. */
export function head(...lines: string[]): string {
  return ["POST /hook HTTP/1.1", "Host: localhost", ...lines, "", ""].join("\r\n");
}

/** A request as a server meets it, before anything of its body was read. */
export async function arrive(
  request: string | Uint8Array,
): Promise<{ request: IncomingMessage; response: ServerResponse; client: Socket }> {
  let arrived: (pair: { request: IncomingMessage; response: ServerResponse }) => void;
  const pair = new Promise<{ request: IncomingMessage; response: ServerResponse }>((resolve) => {
    arrived = resolve;
  });
  const client = await dial(await listen((request, response) => arrived({ request, response })));
  client.write(request);
  return { ...(await pair), client };
}

/** What came of a reading: the body, or the error it failed with. */
export async function outcome(
  reading: () => Promise<RawBody> | RawBody,
): Promise<{ text?: string; lossy?: boolean; error?: unknown; code?: string }> {
  try {
    const { bytes, lossy } = await reading();
    return { text: Buffer.from(bytes).toString("latin1"), lossy };
  } catch (error) {
    return error instanceof RawBodyError ? { error, code: error.code } : { error };
  }
}

/** The code that a reading is refused with. */
export async function codeOf(
  ...[source, options]: [Parameters<typeof readRawBody>[0], Partial<RawBodyOptions>?]
): Promise<string | undefined> {
  return (await outcome(() => readRawBody(source, { ...LIMITS, ...options }))).code;
}

/** How many listeners a stream has for what a reading listens to. */
export function listeners(stream: NodeJS.EventEmitter): number[] {
  return ["data", "end", "error", "close"].map((event) => stream.listenerCount(event));
}

/** Waits until a stream is closed, be it by a failure. */
export function closed(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => void stream.once("close", resolve));
}
