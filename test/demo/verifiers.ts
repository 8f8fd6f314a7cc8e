/** What the demo's servers receive: one verifier per path, the same on every framework. */
import { createVerifier, type Verifier, type VerifierOptions, type WebhookEvent } from "@countersign/core";
import { github } from "@countersign/providers/github";
import { meta } from "@countersign/providers/meta";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { stripe } from "@countersign/providers/stripe";
import { twilio } from "@countersign/providers/twilio";
import { currentVisit, recordVisit } from "./visit.js";

export const SECRETS = {
  stripe: "whsec_demo_of_the_endpoint",
  github: "It's a Secret to Everybody",
  standard: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  twilio: "12345",
  meta: "app-secret",
} as const;
export const VERIFY_TOKEN = "typed-into-the-dashboard";
/** What Twilio's console shows; behind it stands a proxy, as the demo's `X-Forwarded-*` headers say. */
export const TWILIO_URL = "https://example.com/webhooks/twilio";
export const MAX_BYTES = 16_384;
/** Where Stripe's deliveries of the demo come from. */
const ADDRESSES = "203.0.113.0/24";

/** A path, its verifier, and whether a body parser stands in front. */
export interface Route {
  readonly path: string;
  readonly verifier: Verifier;
  readonly parsedFirst: boolean;
}

/** Makes the routes of one server, with stores of their own. */
export function createRoutes(): Route[] {
  const route = (path: string, options: VerifierOptions, parsedFirst = false): Route => ({
    path,
    parsedFirst,
    // the demo plays the proxy in front, which is on this machine
    verifier: createVerifier({ trustedProxies: ["loopback"], observe: recordVisit, ...options }),
  });
  const ofStripe = { provider: stripe({ secret: SECRETS.stripe }), allow: [ADDRESSES], maxBytes: MAX_BYTES };
  return [
    route("/webhooks/stripe", ofStripe),
    route("/parsed/stripe", ofStripe, true),
    route("/webhooks/github", { provider: github({ secret: SECRETS.github }) }),
    route("/webhooks/standard", { provider: standardWebhooks({ secret: SECRETS.standard }) }),
    route("/webhooks/twilio", { provider: twilio({ secret: SECRETS.twilio, publicUrl: TWILIO_URL }) }),
    route("/webhooks/meta", { provider: meta({ secret: SECRETS.meta, verifyToken: VERIFY_TOKEN }) }),
  ];
}

/** What an event of the demo asks of its handler. */
export type Task = "succeed" | "fail once" | "wait";

/** Makes the one handler of a server. */
export function createEventHandler(): (event: WebhookEvent) => Promise<void> {
  const failed = new Set<string | undefined>();
  return async ({ id, payload }) => {
    const task = (payload as { readonly data?: { readonly task?: Task } }).data?.task;
    await currentVisit().enter(task === "wait");
    if (task !== "fail once" || failed.has(id)) return;
    failed.add(id);
    throw new Error("the database was away for a moment");
  };
}
