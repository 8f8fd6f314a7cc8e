import type { ErrorCode, Refusal, VerificationError } from "./errors.js";
import type { WebhookEvent } from "./event.js";
import type { Reply } from "./reply.js";

/**
 * What an accepted delivery's claim is settled with. The first settlement counts; the others change nothing.
 * None of them throws: what fails in the store is tried again, logged, or left to the lease.
 */
export interface ClaimHandle {
  /** The fencing token. */
  readonly token: string;
  /** Aborts when the lease is lost, or when the handler's time is over. */
  readonly signal: AbortSignal;
  /** Called when the handler's time is over, so that whoever waits for it may answer. */
  onTimeout: (() => void) | undefined;
  /** Records a success. Fulfils when the store has it, or after `storeTimeout`; it is then tried on in the background. */
  commit(): Promise<void>;
  /** Gives the claim back, so that the provider's retry runs the handler again. */
  release(): Promise<void>;
  /** Settles by the status that is about to be sent: 2xx commits, everything else releases. */
  conclude(status: number): Promise<void>;
  /** Releases after a failure, and answers what to send where nobody else does. */
  fail(code: "HANDLER_FAILED" | "NOBODY_REPLIED", cause?: unknown): Promise<Reply>;
}

/** The event is genuine and ours to handle. `reply` is the provider's success reply, for when the handler has answered nothing. */
export interface AcceptedVerdict<E extends WebhookEvent = WebhookEvent> {
  readonly outcome: "accepted";
  readonly event: E;
  readonly claim: ClaimHandle;
  readonly reply: Reply;
}

/**
 * A delivery of an event that was met before.
 *
 * - `exact`: the same was signed; `redelivery`: signed anew. The event is done, and the reply a success.
 * - `running`: its first run goes on. `replayed`: signed content that is good for one run was met again. The reply is a 503.
 */
export interface DuplicateVerdict {
  readonly outcome: "duplicate";
  readonly kind: "exact" | "redelivery" | "running" | "replayed";
  readonly reply: Reply;
}

/** The provider asked who we are, and is answered. */
export interface HandshakeVerdict {
  readonly outcome: "handshake";
  readonly reply: Reply;
}

/** The delivery is refused. */
export interface RejectedVerdict {
  readonly outcome: "rejected";
  readonly code: ErrorCode;
  /** For the operator; made when asked for. */
  readonly error: VerificationError;
  readonly reply: Reply;
}

/** What the verifier decided. Only an accepted verdict has an event, so that code which forgets to look does not compile. */
export type Verdict<E extends WebhookEvent = WebhookEvent> = AcceptedVerdict<E> | DuplicateVerdict | HandshakeVerdict | RejectedVerdict;

/** A stack costs more than the signature check: the error is made when somebody reads it. */
export class Rejected implements RejectedVerdict {
  readonly outcome = "rejected";
  readonly reply: Reply;
  readonly #refusal: Refusal;
  constructor(refusal: Refusal, reply: Reply) {
    this.#refusal = refusal;
    this.reply = reply;
  }
  get code(): ErrorCode {
    return this.#refusal.code;
  }
  get error(): VerificationError {
    return this.#refusal.toError();
  }
}
