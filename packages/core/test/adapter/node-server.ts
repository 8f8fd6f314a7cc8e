import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach } from "vitest";

export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;
const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Starts a server; `talk` sends text over a socket, the rest of it after the first answer, and answers all that comes back until the server closes. */
export async function start(listener: Listener, options: ServerOptions = {}) {
  const server = createServer(options, (request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => {});
    return socket;
  };
  const talk = async (text: string, rest?: string): Promise<string> => {
    const socket = await open();
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk));
    if (rest !== undefined) socket.once("data", () => socket.write(rest));
    socket.write(text);
    await once(socket, "close");
    return answer;
  };
  return { url: `http://127.0.0.1:${port}`, open, talk };
}
export const GET = "GET /hook?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
