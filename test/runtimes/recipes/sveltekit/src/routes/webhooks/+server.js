import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { createVerifier, webhook } from "@countersign/serverless/fetch";
import { env } from "$env/dynamic/private";

// while SvelteKit builds, it loads this file, and no secret is there yet
const makeHook = () =>
  webhook(
    createVerifier({ provider: standardWebhooks({ secret: env.WEBHOOK_SECRET }) }),
    async (event) => {
      console.log("accepted", event.id, event.type);
    },
    (_request, { getClientAddress }) => ({ address: getClientAddress(), protocol: "http" }),
  );

let hook;

export const POST = (event) => {
  hook ??= makeHook();
  return hook(event.request, event);
};
