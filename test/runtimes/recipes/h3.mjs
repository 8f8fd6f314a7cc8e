import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { createVerifier, webhook } from "@countersign/serverless/fetch";
import { H3, serve } from "h3";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

const hook = webhook(
  verifier,
  async (event) => {
    console.log("accepted", event.id, event.type);
  },
  (request) => ({ address: request.ip, protocol: "http" }),
);

const app = new H3().post("/webhooks", (event) => hook(event.req));

serve(app, { port: process.env.PORT });
