import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import Fastify4 from "fastify4";
import { type Closable, closeAfterEach } from "./close-after-each.js";

export const majors = [
  { major: 5, create: (options = {}): FastifyInstance => Fastify(options) },
  { major: 4, create: (options = {}): FastifyInstance => Fastify4(options) as unknown as FastifyInstance },
];

/** Makes the `listen` of a test file: it starts an app on a free port, and the app is closed after the test. */
export function createListen(closing: Closable[] = closeAfterEach()): (app: FastifyInstance) => Promise<number> {
  return async (app) => {
    closing.push(app);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  };
}
