import { once } from "node:events";
import router from "@adonisjs/core/services/router";
import { createVerifier, webhook } from "@countersign/express";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { middleware } from "./kernel.js";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

const hook = webhook(verifier, async (event) => {
  console.log("accepted", event.id, event.type);
});

router.post("/webhooks", async ({ request, response }) => {
  const closed = once(response.response, "close");
  const failed = new Promise((_, reject) => hook(request.request, response.response, reject));
  await Promise.race([closed, failed]);
});

router.post("/echo", ({ request }) => request.all()).use(middleware.bodyParser());
