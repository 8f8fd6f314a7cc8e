/** A `redis-server` (or `valkey-server`) of the test's own. */

import { connect } from "node:net";
import { findBinary, findPort, type MissingServer, makeFolder, startServer, type TestServer } from "./start-server.js";
import { toMissing } from "./to-missing.js";

/** Starts a Redis without persistence; `args` are further words of its command line. */
export async function startRedis(args: readonly string[] = []): Promise<TestServer | MissingServer> {
  const command = findBinary("redis-server") ?? findBinary("valkey-server");
  if (command === undefined) return toMissing("no redis-server and no valkey-server on the PATH");
  const port = await findPort();
  const folder = makeFolder("redis");
  const basic = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  return startServer({ port, folder, command, url: `redis://127.0.0.1:${port}`, args: [...basic, ...args], ready: () => ping(port) });
}

/** Sends one command over a connection of its own and answers the reply's bytes as text. */
export async function tell(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${command}\r\n`));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("error", reject);
  });
}

const ping = (port: number): Promise<boolean> =>
  tell(port, "PING").then(
    (reply) => reply.startsWith("+PONG"),
    () => false,
  );
