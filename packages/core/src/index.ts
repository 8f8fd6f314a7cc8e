export { type MemoryStoreOptions, memoryStore } from "./claim/memory-store.js";
export { type Claim, type ClaimAnswer, type Keep, type Store, StoreFull } from "./claim/store.js";
export type { Delivery, HeadersInput } from "./delivery.js";
export { CODES, type CodeFacts, ConfigurationError, type ErrorCode, VerificationError, WebhookError } from "./errors.js";
export { claimOf, type EventOf, type WebhookEvent } from "./event.js";
export {
  type DeliveryRecord,
  type Logger,
  logObserver,
  type NoticeCode,
  type NoticeRecord,
  type Observer,
  type ObserverRecord,
  type Phases,
} from "./observe.js";
export type { VerifierOptions } from "./options.js";
export type { Needs, SchemePart } from "./provider/declaration.js";
export {
  defineProvider,
  type OptionsOf,
  type Preset,
  type Provider,
  type PublicKeyOptions,
  type SecretOptions,
  scheme,
  type UrlOptions,
} from "./provider/define-provider.js";
export type { FetchedKeys, FetchKey, JwtAnswer, JwtMechanism, JwtQuestion, KeyFetcher } from "./provider/mechanism.js";
export type { SignedParts } from "./provider/signed-parts.js";
export type { Reply } from "./reply.js";
export type { HandlerContext } from "./serve.js";
export type { DeliveryContext, ResolvedSecrets, SecretResolver, Secrets, SecretValue } from "./signature/key-ring.js";
export type { Tolerance } from "./timestamp.js";
export type { AcceptedVerdict, ClaimHandle, DuplicateVerdict, HandshakeVerdict, RejectedVerdict, Verdict } from "./verdict.js";
export { createVerifier, type Verifier, type VerifyInput } from "./verifier.js";
