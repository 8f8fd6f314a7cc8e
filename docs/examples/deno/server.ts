import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { createVerifier, deno, webhook } from "@countersign/serverless/fetch";

const { WEBHOOK_SECRET, PORT = "3000" } = Deno.env.toObject();

const verifier = createVerifier({
  provider: standardWebhooks({ secret: WEBHOOK_SECRET }),
});

const hook = webhook(
  verifier,
  async (event) => {
    console.log("accepted", event.id, event.type);
  },
  deno,
);

Deno.serve({ port: Number(PORT) }, (request, info) =>
  new URL(request.url).pathname === "/webhooks" ? hook(request, info) : new Response(null, { status: 404 }),
);
