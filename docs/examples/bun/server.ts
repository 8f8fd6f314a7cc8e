import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { bun, createVerifier, webhook } from "@countersign/serverless/fetch";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

Bun.serve({
  port: Number(process.env.PORT ?? 3000),
  routes: {
    "/webhooks": {
      POST: webhook(
        verifier,
        async (event) => {
          console.log("accepted", event.id, event.type);
        },
        bun,
      ),
    },
  },
});
