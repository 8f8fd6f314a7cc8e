/** A client that writes exactly the bytes it is told to. */
import { connect, type Socket } from "node:net";
import type { Connection, RawRequest, RawResponse } from "./harness.js";

const LIMIT = 10_000;
const encoder = new TextEncoder();

/** Connects to a server on this machine. A connection that `stays` is not ended by its reply. */
export async function openConnection(port: number, { stays = false } = {}): Promise<Connection> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const response = readResponse(socket, stays);
  response.catch(() => {});
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return {
    response,
    write: (bytes) => write(socket, bytes),
    writeUntilClosed: (bytes, limit) => writeUntilClosed(socket, bytes, limit),
    end: () => void socket.end(),
    destroy: () => void socket.resetAndDestroy(),
  };
}

/**
 * Sends one request and reads its reply. A body in one piece leaves with the head, at once: a server that refuses the head may close,
 * and what arrives at it then resets the connection, its reply unread.
 */
export async function sendRaw(port: number, request: RawRequest): Promise<RawResponse> {
  const connection = await openConnection(port);
  const frame = (piece: Uint8Array): Uint8Array => (request.framing === "chunked" && piece.length > 0 ? toChunk(piece) : piece);
  const last = request.framing === "chunked" ? [encoder.encode("0\r\n\r\n")] : [];
  const { body } = request;
  if (body instanceof Uint8Array) await connection.write(joinBytes([writeHead(request), frame(body), ...last]));
  else for (const bytes of [writeHead(request), ...body.map(frame), ...last]) await connection.write(bytes);
  return connection.response;
}

/** Sends one request and resets the connection in the same turn, so that the server meets both at once. Fulfils once the connection is gone. */
export async function sendAndReset(port: number, request: RawRequest): Promise<void> {
  const connection = await openConnection(port);
  void connection.write(writeHead(request));
  for (const piece of [request.body].flat() as readonly Uint8Array[]) void connection.write(piece);
  connection.destroy();
  await connection.response.catch(() => {});
}

/** Frames bytes as one chunk. */
export function toChunk(bytes: Uint8Array): Uint8Array {
  return joinBytes([encoder.encode(`${bytes.length.toString(16)}\r\n`), bytes, encoder.encode("\r\n")]);
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Writes the request line and headers. Each character of a value is one byte. */
export function writeHead({ method, target, headers, body, framing }: RawRequest): Uint8Array {
  const has = (name: string): boolean => headers.some(([given]) => given.toLowerCase() === name);
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!has("host")) lines.push("Host: localhost");
  if (!has("connection")) lines.push("Connection: close");
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const length = ([body].flat() as readonly Uint8Array[]).reduce((sum, piece) => sum + piece.length, 0);
  if (framing === "chunked") lines.push("Transfer-Encoding: chunked");
  else if (framing !== "none") lines.push(`Content-Length: ${framing ?? length}`);
  return Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (character) => character.charCodeAt(0));
}

function write(socket: Socket, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => {
    // a peer that has refused may close while we write: the reply tells
    if (socket.writable) socket.write(bytes, () => setImmediate(resolve));
    else resolve();
  });
}

async function writeUntilClosed(socket: Socket, bytes: Uint8Array, limit: number): Promise<void> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, LIMIT);
  let taken = 0;
  for (; taken < limit && socket.writable; taken += bytes.length) await write(socket, bytes);
  clearTimeout(timer);
  if (isLate) throw new Error(`the connection was still open after ${LIMIT} ms`);
  if (socket.writable) throw new Error(`the connection was still open after ${taken} bytes more, and they were read`);
}

function readResponse(socket: Socket, stays: boolean): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let seen: Uint8Array = new Uint8Array();
    const timer = setTimeout(() => finish(() => reject(new Error(`no reply within ${LIMIT} ms; saw ${seen.length} bytes`))), LIMIT);
    const finish = (settle: () => void, hasReply = false): void => {
      clearTimeout(timer);
      settle();
      if (!hasReply || !stays) socket.destroy();
    };
    const look = (ended: boolean): void => {
      const parsed = parseResponse(seen, ended);
      if (parsed !== undefined) finish(() => resolve(parsed), true);
      else if (ended) finish(() => reject(new Error(`the connection ended without a whole reply; saw ${seen.length} bytes`)));
    };
    socket.on("data", (chunk) => {
      seen = joinBytes([seen, chunk]);
      look(false);
    });
    socket.on("end", () => look(true));
    socket.on("close", () => look(true));
    socket.on("error", () => {});
  });
}

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
const toUtf8 = (text: string): string => new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));

function parseResponse(bytes: Uint8Array, ended: boolean): RawResponse | undefined {
  const text = latin1(bytes);
  const split = text.indexOf("\r\n\r\n");
  if (split < 0) return undefined;
  const [line = "", ...lines] = text.slice(0, split).split("\r\n");
  const status = Number(line.split(" ")[1]);
  if (status < 200) return parseResponse(bytes.subarray(split + 4), ended);
  const headers = lines.map((header): [string, string] => {
    const colon = header.indexOf(":");
    return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
  });
  const rest = text.slice(split + 4);
  const value = (name: string): string | undefined => headers.find(([given]) => given === name)?.[1];
  if (value("transfer-encoding") === "chunked") {
    const body = unchunk(rest);
    return body === undefined ? undefined : { status, headers, body: toUtf8(body) };
  }
  const length = value("content-length");
  const isEmpty = status === 204 || status === 304;
  if (length === undefined && !isEmpty) return ended ? { status, headers, body: toUtf8(rest) } : undefined;
  const wanted = isEmpty ? 0 : Number(length);
  return rest.length < wanted ? undefined : { status, headers, body: toUtf8(rest.slice(0, wanted)) };
}

function unchunk(text: string): string | undefined {
  let body = "";
  let at = 0;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = Number.parseInt(text.slice(at, end), 16);
    if (size === 0) return body;
    if (text.length < end + 2 + size + 2) return undefined;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
