export {
  ConfigurationError,
  createVerifier,
  type ErrorCode,
  type Observer,
  type ObserverRecord,
  VerificationError,
  type Verifier,
  type VerifierOptions,
  WebhookError,
  type WebhookEvent,
} from "@countersign/core";
export type { EventSink } from "@countersign/core/adapter";
export { type WebhookHandler, type WholeRoute, webhook } from "./webhook.js";
export { type WebhookRoute, webhookOf } from "./webhook-of.js";
