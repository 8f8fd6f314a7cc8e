import { createVerifier, webhook } from "@countersign/koa";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import Router from "@koa/router";
import Koa from "koa";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

const router = new Router();

router.post(
  "/webhooks",
  webhook(verifier, async (event) => {
    console.log("accepted", event.id, event.type);
  }),
);

new Koa().use(router.routes()).listen(Number(process.env.PORT ?? 3000));
