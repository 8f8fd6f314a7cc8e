import { defineProvider, type Preset, scheme } from "@countersign/core";
import type { StandardWebhooksOptions } from "./standard-webhooks.js";
import { standardV1, standardV1a, svixV1, svixV1a } from "./standard-webhooks-schemes.js";

export type { Provider, WebhookEvent } from "@countersign/core";

/**
 * Svix, under its own header names and the unbranded ones.
 *
 * @example
 * const provider = svix({ secret: process.env.SVIX_SECRET }); // "whsec_..."
 * @see https://docs.svix.com/receiving/verifying-payloads/how-manual
 */
export const svix: Preset<StandardWebhooksOptions> = defineProvider({
  name: "svix",
  docs: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
  checked: "2026-11-24",
  type: { either: ["json:type", "json:event_type"] }, // a convention: the sending application decides
  schemes: [scheme(svixV1), scheme(svixV1a), scheme(standardV1), scheme(standardV1a)],
  answerWithin: 15,
  retriesFor: 99_305, // 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h
});
