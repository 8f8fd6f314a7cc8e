import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { webhook } from "@countersign/serverless/gcf";
import { type HttpFunction, http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { afterEach } from "vitest";
import { type Signed, type Watched, watched } from "./acme.js";

export type Handler = Parameters<typeof webhook>[1];

const servers: Server[] = [];
let names = 0;

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The framework itself, on a port of its own. */
export async function serveFunction(run: HttpFunction, register = http): Promise<string> {
  const name = `f${++names}`;
  register(name, run);
  const server = getTestServer(name);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** A webhook's function on the framework, and what sends deliveries to it. */
export async function start(
  handler: Handler,
  options: Parameters<typeof watched>[0] = {},
): Promise<Watched & { send(delivery: Signed, more?: Record<string, string>): Promise<Response> }> {
  const own = watched(options);
  const origin = await serveFunction(webhook(own.verifier, handler));
  return {
    ...own,
    send: ({ headers, body }, more = {}) => fetch(`${origin}/hook?x=1`, { method: "POST", headers: { ...headers, ...more }, body }),
  };
}
