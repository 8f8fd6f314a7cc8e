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
export { keepRawBody } from "@countersign/raw-body";
export { type WebhookHandler, type WebhookLocals, type WebhookMiddleware, webhook } from "./webhook.js";
