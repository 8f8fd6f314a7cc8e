/** Providers whose official SDK signs as well as it verifies. */
import { github } from "@countersign/providers/github";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { stripe } from "@countersign/providers/stripe";
import { svix } from "@countersign/providers/svix";
import { twilio } from "@countersign/providers/twilio";
import * as octokit from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import twilioSdk from "twilio/lib/webhooks/webhooks.js";
import { type Contact, fresh, headerOf, type Sent } from "./contact.js";

const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

const STRIPE = { first: "whsec_stripe_first", another: "whsec_stripe_another" };
const { webhooks } = new Stripe("sk_test_none");

const stripeContact: Contact = {
  name: "Stripe",
  sdk: "stripe",
  signs: "sdk",
  provider: stripe({ secret: STRIPE.first }),
  path: "/stripe",
  sign(secret) {
    const body = JSON.stringify({ id: `evt_${fresh()}`, object: "event", type: "invoice.paid", data: { note: "genuine ü €" } });
    const header = webhooks.generateTestHeaderString({ payload: body, secret: STRIPE[secret ?? "first"] });
    return { method: "POST", url: "/stripe", headers: { ...JSON_TYPE, "stripe-signature": header }, body };
  },
  verify: (sent) => webhooks.constructEvent(sent.body, headerOf(sent, "stripe-signature"), STRIPE.first).object === "event",
  ours: () => ({ payload: { id: `evt_${fresh()}`, object: "event", type: "invoice.paid", data: { note: "genuine" } } }),
  signature: "stripe-signature",
  covers: [],
};

type Webhook = { sign(id: string, at: Date, body: string): string; verify(body: string, headers: Record<string, string>): unknown };

function standardContact(name: string, prefix: "webhook" | "svix", sdk: string, make: new (secret: string) => Webhook): Contact {
  const secrets = { first: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", another: "whsec_plJ3nmyCDGBKInavdOK15jsl" };
  const path = `/${name.toLowerCase().replaceAll(" ", "-")}`;
  return {
    name,
    sdk,
    signs: "sdk",
    provider: sdk === "svix" ? svix({ secret: secrets.first }) : standardWebhooks({ secret: secrets.first }),
    path,
    sign(secret) {
      const [id, at] = [`msg_${fresh()}`, new Date()];
      const body = JSON.stringify({ type: "contact.created", data: { note: "genuine ü" } });
      const headers = {
        ...JSON_TYPE,
        [`${prefix}-id`]: id,
        [`${prefix}-timestamp`]: String(Math.floor(at.getTime() / 1000)),
        [`${prefix}-signature`]: new make(secrets[secret ?? "first"]).sign(id, at, body),
      };
      return { method: "POST", url: path, headers, body };
    },
    verify: (sent) => new make(secrets.first).verify(sent.body, { ...sent.headers }) !== undefined,
    ...(name !== "Svix unbranded" && {
      ours: () => ({ id: `msg_${fresh()}`, payload: { type: "contact.created", data: { note: "genuine" } } }),
    }),
    signature: `${prefix}-signature`,
    covers: [`${prefix}-id`, `${prefix}-timestamp`],
  };
}

const GITHUB = { first: "It's a Secret to Everybody", another: "another" };

function githubContact(name: string, toBody: (payload: string) => string, type: Readonly<Record<string, string>>): Contact {
  const path = `/${name.toLowerCase().replaceAll(" ", "-")}`;
  const payload = () => ({ ref: "refs/heads/main", note: "genuine", after: fresh() });
  return {
    name,
    sdk: "@octokit/webhooks-methods",
    signs: "sdk",
    provider: github({ secret: GITHUB.first }),
    path,
    async sign(secret) {
      const body = toBody(JSON.stringify(payload()));
      const signature = await octokit.sign(GITHUB[secret ?? "first"], body);
      const headers = { ...type, "x-github-delivery": fresh(), "x-github-event": "push", "x-hub-signature-256": signature };
      return { method: "POST", url: path, headers, body };
    },
    verify: (sent) => octokit.verify(GITHUB.first, sent.body, headerOf(sent, "x-hub-signature-256")),
    ours: () => ({ id: fresh(), type: "push", payload: payload(), headers: type }),
    signature: "x-hub-signature-256",
    covers: [],
  };
}

const TWILIO = { first: "12345", another: "54321" };
const ORIGIN = "https://example.com";

function twilioContact(name: string, make: () => Omit<Sent, "headers"> & { type?: Readonly<Record<string, string>> }): Contact {
  const path = `/${name.toLowerCase().replaceAll(" ", "-")}`;
  const paramsOf = ({ headers, body }: Omit<Sent, "url">): Record<string, string | string[]> => {
    if (headers["content-type"] !== FORM_TYPE["content-type"]) return {};
    const params = new URLSearchParams(body);
    return Object.fromEntries([...params.keys()].map((key) => [key, params.getAll(key)]));
  };
  return {
    name,
    sdk: "twilio",
    signs: "sdk",
    provider: twilio({ secret: TWILIO.first, publicUrl: `${ORIGIN}${path}` }),
    path,
    sign(secret) {
      const { method, url: query, body, type = {} } = make();
      const url = path + query;
      const signature = twilioSdk.getExpectedTwilioSignature(
        TWILIO[secret ?? "first"],
        ORIGIN + url,
        paramsOf({ method, headers: type, body }),
      );
      return { method, url, headers: { ...type, "x-twilio-signature": signature, "i-twilio-idempotency-token": fresh() }, body };
    },
    verify(sent) {
      const [signature, url] = [headerOf(sent, "x-twilio-signature"), ORIGIN + sent.url];
      if (sent.url.includes("bodySHA256")) return twilioSdk.validateRequestWithBody(TWILIO.first, signature, url, sent.body);
      return twilioSdk.validateRequest(TWILIO.first, signature, url, paramsOf(sent));
    },
    ours() {
      const { method, url: query, body, type } = make();
      const payload =
        type === FORM_TYPE ? Object.fromEntries(new URLSearchParams(body)) : type === JSON_TYPE ? JSON.parse(body) : undefined;
      return {
        method,
        id: fresh(),
        url: `${ORIGIN}${path}${query.replace(/\?bodySHA256=.*/, "")}`,
        headers: type ?? {},
        ...(payload !== undefined && { payload }),
      };
    },
    signature: "x-twilio-signature",
    covers: [],
  };
}

const twilioJson = (): string => JSON.stringify({ id: fresh(), note: "genuine" });
const form = () =>
  new URLSearchParams([
    ["Body", "genuine é + & ="],
    ["MessageStatus", "sent"],
    ["MessageSid", fresh()],
    ["a", "1"],
    ["B", "2"],
  ]);

export const signingSdks: readonly Contact[] = [
  stripeContact,
  standardContact("Standard Webhooks", "webhook", "standardwebhooks", StandardWebhook),
  standardContact("Svix", "svix", "svix", SvixWebhook),
  standardContact("Svix unbranded", "webhook", "svix", SvixWebhook),
  githubContact("GitHub", (payload) => payload, JSON_TYPE),
  githubContact("GitHub form", (payload) => new URLSearchParams({ payload }).toString(), FORM_TYPE),
  twilioContact("Twilio form", () => ({ method: "POST", url: "?a=1&b=%7e", type: FORM_TYPE, body: form().toString() })),
  twilioContact("Twilio form of lists", () => {
    const body = `${form()}&MediaUrl=b&MediaUrl=a&MediaUrl=b`;
    return { method: "POST", url: "", type: FORM_TYPE, body };
  }),
  twilioContact("Twilio JSON", () => {
    const body = twilioJson();
    return { method: "POST", url: `?bodySHA256=${twilioSdk.getExpectedBodyHash(body)}`, type: JSON_TYPE, body };
  }),
  twilioContact("Twilio GET", () => ({ method: "GET", url: `?note=genuine&CallSid=${fresh()}`, body: "" })),
];
