import { createVerifier, webhook } from "@countersign/fastify";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import Fastify from "fastify";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

const app = Fastify();

app.post(
  "/webhooks",
  webhook(verifier, async (event) => {
    console.log("accepted", event.id, event.type);
  }),
);

await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" });
