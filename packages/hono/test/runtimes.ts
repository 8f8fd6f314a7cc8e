import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { open } from "../../express/test/session.js";

type Send = (delivery: RequestInit & { readonly path?: string }) => Promise<Response>;

/** The same app on Node's server, and called as a fetch runtime does, with the bindings of Deno. */
export const RUNTIMES: [string, (app: Hono) => Promise<Send>][] = [
  [
    "Node",
    async (app) => {
      const { url } = await open(getRequestListener(app.fetch));
      return ({ path = "/", ...init }) => fetch(url + path, init);
    },
  ],
  [
    "fetch",
    async (app) =>
      async ({ path = "/", headers, ...init }) => {
        const request = new Request(`http://localhost${path}`, {
          ...init,
          headers: { host: "localhost", ...(headers as Record<string, string>) },
        });
        return app.fetch(request, { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } });
      },
  ],
];
