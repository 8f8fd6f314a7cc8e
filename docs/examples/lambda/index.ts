import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { createVerifier, webhook } from "@countersign/serverless/lambda";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

export const handler = webhook(verifier, async (event) => {
  console.log("accepted", event.id, event.type);
});
