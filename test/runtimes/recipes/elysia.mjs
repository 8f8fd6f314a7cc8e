import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { bun, createVerifier, webhook } from "@countersign/serverless/fetch";
import { Elysia } from "elysia";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

const hook = webhook(
  verifier,
  async (event) => {
    console.log("accepted", event.id, event.type);
  },
  bun,
);

new Elysia()
  // "none": Elysia must not read the body
  .post("/webhooks", ({ request, server }) => hook(request, server), { parse: "none" })
  .listen(process.env.PORT);
