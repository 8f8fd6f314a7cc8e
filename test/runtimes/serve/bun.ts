/** Serves the suite under Bun: `fetch` or `hono`, and a form. Prints its port. */
import { bun } from "@countersign/serverless/fetch";
import type { Form } from "@countersign/testing/conformance";
import { createFetchApp, createHonoApp } from "./fetch-app.js";

type BunServer = Parameters<typeof bun>[1] & { readonly port: number };
declare const Bun: {
  readonly argv: readonly string[];
  serve(options: {
    port: number;
    hostname: string;
    idleTimeout: number;
    fetch: (request: Request, server: BunServer) => Response | Promise<Response>;
  }): BunServer;
};

const [adapter, form] = Bun.argv.slice(2);
const app = adapter === "hono" ? createHonoApp<BunServer>(form as Form) : createFetchApp(bun);
const { port } = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 60, fetch: app });
console.log(JSON.stringify({ port }));
