/** Signs the demo's deliveries with the providers' official SDKs. */
import * as octokit from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import twilioSdk from "twilio/lib/webhooks/webhooks.js";
import type { Sent } from "./deliver.js";
import { SECRETS, type Task, TWILIO_URL, VERIFY_TOKEN } from "./verifiers.js";

const { webhooks } = new Stripe("sk_test_of_the_demo");
const JSON_TYPE = { "content-type": "application/json" };
/** What the proxy in front says of the client. */
const PROXY = { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" };

let events = 0;
const fresh = (prefix: string): string => `${prefix}_${++events}`;

/** An event of Stripe that no other call makes. */
export function stripeEvent(task: Task = "succeed", padding = 0): string {
  return JSON.stringify({
    id: fresh("evt"),
    object: "event",
    type: "invoice.paid",
    data: { task, amount: 4200, pad: "x".repeat(padding) },
  });
}

/** Signs an event as Stripe would, so many seconds from now. */
export function signStripe(body: string, { seconds = 0, secret = SECRETS.stripe }: { seconds?: number; secret?: string } = {}): Sent {
  const timestamp = Math.floor(Date.now() / 1000) + seconds;
  const header = webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
  return { url: "/webhooks/stripe", headers: { ...JSON_TYPE, ...PROXY, "stripe-signature": header }, body };
}

/** A push of GitHub, under any id. */
export async function signGithub(body: string, id = fresh("guid")): Promise<Sent> {
  const signature = await octokit.sign(SECRETS.github, body);
  const headers = { ...JSON_TYPE, ...PROXY, "x-github-delivery": id, "x-github-event": "push", "x-hub-signature-256": signature };
  return { url: "/webhooks/github", headers, body };
}

export function signStandard(): Sent {
  const [id, at, body] = [fresh("msg"), new Date(), JSON.stringify({ type: "contact.created", data: {} })];
  const signature = new Webhook(SECRETS.standard).sign(id, at, body);
  const seconds = String(Math.floor(at.getTime() / 1000));
  const headers = { ...JSON_TYPE, ...PROXY, "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signature };
  return { url: "/webhooks/standard", headers, body };
}

export function signTwilio(): Sent {
  const params = { MessageSid: fresh("SM"), MessageStatus: "delivered", Body: "genuine é & ü" };
  const signature = twilioSdk.getExpectedTwilioSignature(SECRETS.twilio, TWILIO_URL, params);
  const headers = { "content-type": "application/x-www-form-urlencoded", ...PROXY, "x-twilio-signature": signature };
  return { url: "/webhooks/twilio", headers, body: new URLSearchParams(params).toString() };
}

/** What Meta asks when the callback URL is typed into its dashboard. */
export function askMeta(token: string = VERIFY_TOKEN): Sent {
  const query = new URLSearchParams({ "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token });
  return { method: "GET", url: `/webhooks/meta?${query}`, headers: PROXY, body: "" };
}
