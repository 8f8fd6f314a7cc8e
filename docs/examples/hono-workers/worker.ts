import { createVerifier, webhook } from "@countersign/hono";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { type D1Database, d1Store } from "@countersign/stores/d1";
import { Hono, type MiddlewareHandler } from "hono";

interface Env {
  WEBHOOK_SECRET: string;
  DB: D1Database;
  /** Set on one's own machine, where wrangler serves plain HTTP. */
  LOCAL?: string;
}

const makeHook = (env: Env) =>
  webhook(
    createVerifier({
      provider: standardWebhooks({ secret: env.WEBHOOK_SECRET }),
      endpoint: "webhooks",
      store: d1Store(env.DB),
      https: env.LOCAL === undefined ? "required" : "off",
    }),
    async (event) => {
      console.log("accepted", event.id, event.type);
    },
  );

let hook: MiddlewareHandler | undefined;

const app = new Hono<{ Bindings: Env }>();

app.post("/webhooks", (c, next) => {
  hook ??= makeHook(c.env); // secrets come with the first request
  return hook(c, next);
});

export default app;
