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
export { Event } from "./event.js";
export { type EventFrom, Webhook } from "./webhook.js";
