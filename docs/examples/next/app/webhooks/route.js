import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { createVerifier, webhook } from "@countersign/serverless/fetch";

// while Next.js builds, it loads this file, and no secret is there yet
const makeHook = () =>
  webhook(
    createVerifier({
      provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
      https: process.env.NODE_ENV === "production" ? "required" : "off",
      trustedProxies: { hops: 1 }, // the proxy in front of `next start`
    }),
    async (event) => {
      console.log("accepted", event.id, event.type);
    },
  );

let hook;

export function POST(request) {
  hook ??= makeHook();
  return hook(request);
}
