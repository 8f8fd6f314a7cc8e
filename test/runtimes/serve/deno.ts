/** Serves the suite under Deno: `fetch` or `hono`, and a form. Prints its port. */
import { deno } from "@countersign/serverless/fetch";
import type { Form } from "@countersign/testing/conformance";
import { createFetchApp, createHonoApp } from "./fetch-app.js";

interface Info {
  readonly remoteAddr: object;
}
declare const Deno: {
  readonly args: readonly string[];
  serve(
    options: { port: number; hostname: string; onListen(at: { port: number }): void },
    handler: (request: Request, info: Info) => Response | Promise<Response>,
  ): unknown;
};

const [adapter, form] = Deno.args;
const app = adapter === "hono" ? createHonoApp<Info>(form as Form) : createFetchApp(deno);
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(JSON.stringify({ port })) }, app);
