import { createVerifier, webhook } from "@countersign/express";
import { stripe } from "@countersign/providers/stripe";
import express from "express";

const verifier = createVerifier({
  provider: stripe({ secret: process.env.WEBHOOK_SECRET }),
});

const app = express();

app.post(
  "/webhooks",
  webhook(verifier, async (event) => {
    console.log("accepted", event.id, event.type);
  }),
);

// the rest of the app may parse as it likes
app.use(express.json());

const server = app.listen(Number(process.env.PORT ?? 3000));

// new deliveries get 503, handlers under way end, then the server closes
process.once("SIGTERM", async () => {
  await verifier.close();
  server.close();
});
