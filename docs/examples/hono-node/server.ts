import { createVerifier, webhook } from "@countersign/hono";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

const app = new Hono();

app.post("/webhooks", webhook(verifier), (c) => {
  const { event } = c.var.webhook;
  console.log("accepted", event.id, event.type);
  return c.body(null, 204);
});

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });
