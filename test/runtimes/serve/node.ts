/** Serves the suite on a Node server, in whatever runtime has one: `node-http` or `hono`, and a form. Prints its port. */
import { createServer } from "node:http";
import type { Control, Form, Harness } from "@countersign/testing/conformance";
import { honoNode } from "../../conformance/harnesses/hono.js";
import { nodeHttp } from "../../conformance/harnesses/node-http.js";
import { fetchOnNode } from "../../conformance/harnesses/serverless.js";

const HARNESSES: Readonly<Record<string, Harness>> = { "node-http": nodeHttp, fetch: fetchOnNode, hono: honoNode };

const [name = "", form] = process.argv.slice(2);
const harness = HARNESSES[name];
if (harness === undefined) throw new Error(`no such harness: ${name}`);
const server = await harness.open(form as Form);
const control = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const report = await server.control(
    (request.url ?? "").slice("/control".length),
    JSON.parse(Buffer.concat(chunks).toString()) as Control,
  );
  response.end(JSON.stringify(report));
});
control.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.port, control: (control.address() as { port: number }).port }));
});
