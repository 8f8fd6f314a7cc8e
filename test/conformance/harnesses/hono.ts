import { createServer } from "node:http";
import { webhook } from "@countersign/hono";
import { type Answer, conformanceCases, createStages, type Harness } from "@countersign/testing/conformance";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { listening } from "../listening.js";

/** Hono on Node's server. */
export const honoNode: Harness = {
  name: "Hono on Node",
  traits: [
    ...["sockets", "streams", "closes", "any-type", "raw-target", "addresses", "methods", "background", "parsed-first", "parsed-kept"],
    ...["error-handler", "silent", "break-off"],
  ] as Harness["traits"],
  forms: ["handler", "middleware"],
  async open(form) {
    const { stages, at, control } = createStages(conformanceCases);
    const app = new Hono<{ Bindings: HttpBindings }>();
    app.onError((error, c) => (at(c.req.path)?.errorsAnswer200 ? c.text("fine") : c.text(error.message, 500)));
    for (const { path, verifier, handle, parser } of stages) {
      if (parser !== undefined)
        app.use(path, async (c, next) => {
          // Hono's own reader keeps what it has read; whoever takes the request itself does not
          await (parser === "json-kept" ? c.req : c.req.raw).json();
          await next();
        });
      if (form === "handler")
        app.all(
          path,
          webhook(verifier, async (event, c) => reply(c, await handle(event))),
        );
      else app.all(path, webhook(verifier), async (c) => reply(c, (await handle(c.var.webhook.event)) ?? { status: 200 }) as Response);
    }
    return { ...(await listening(createServer(getRequestListener(app.fetch)))), control };
  },
};

function reply(c: Context, answer: Answer): Response | undefined {
  if (typeof answer === "object") return c.body(null, answer.status as 200);
  const { outgoing } = c.env as HttpBindings;
  if (answer === "break-off") outgoing.write("half");
  if (answer === "break-off" || answer === "drop") outgoing.destroy();
  return undefined;
}
