/**
 * Every way in which a delivery can fail, and what is told to whom.
 *
 * The provider gets a reply that is the same for every code of one status; the operator gets the code, what was seen and how to
 * mend it. Each code has a heading in docs/errors.md.
 */

/** What a code means: the status sent, whether sending again can help, and its heading in docs/errors.md. */
export interface CodeFacts {
  readonly status: 400 | 401 | 403 | 405 | 408 | 413 | 415 | 500 | 503;
  /** Whether the same delivery may succeed later. */
  readonly retryable: boolean;
  readonly title: string;
}

const sender = (status: CodeFacts["status"], title: string): CodeFacts => ({ status, retryable: false, title });
const later = (title: string): CodeFacts => ({ status: 503, retryable: true, title });
const ours = (title: string): CodeFacts => ({ status: 500, retryable: true, title });

/** Code to status, in the order of docs/errors.md. */
export const CODES = {
  TARGET_INVALID: sender(400, "The request target is not a path"),
  HEADER_DUPLICATED: sender(400, "A security header appears twice"),
  HEADER_MALFORMED: sender(400, "A security header cannot be read"),
  BODY_INCOMPLETE: sender(400, "The body ended before it was complete"),
  PAYLOAD_MALFORMED: sender(400, "The payload is not what its content type says"),
  HEADER_MISSING: sender(401, "A security header is missing"),
  SIGNATURE_MISMATCH: sender(401, "No signature fits"),
  TIMESTAMP_MALFORMED: sender(401, "The timestamp cannot be read"),
  TIMESTAMP_TOO_OLD: sender(401, "The timestamp is too old"),
  TIMESTAMP_IN_FUTURE: sender(401, "The timestamp lies in the future"),
  TENANT_UNKNOWN: sender(401, "Nobody knows this tenant"),
  HANDSHAKE_REFUSED: sender(401, "The handshake is refused"),
  HTTPS_REQUIRED: sender(403, "The delivery did not come over HTTPS"),
  ADDRESS_NOT_ALLOWED: sender(403, "The source address is not on the list"),
  ADDRESS_UNKNOWN: sender(403, "The source address cannot be told"),
  METHOD_NOT_ALLOWED: sender(405, "The method is not allowed"),
  BODY_TIMEOUT: sender(408, "The body took too long"),
  BODY_TOO_LARGE: sender(413, "The body is too large"),
  CONTENT_ENCODING_REFUSED: sender(415, "The content encoding is refused"),
  BODY_ALREADY_PARSED: ours("The body was read before it could be verified"),
  HANDLER_FAILED: ours("The handler failed"),
  NOBODY_REPLIED: ours("Nobody replied"),
  MISCONFIGURED: ours("The verifier is misconfigured"),
  CLAIM_BUSY: later("The same event is being handled"),
  REPLAYED: later("The same signed content was met before"),
  STORE_UNAVAILABLE: later("The store did not answer"),
  STORE_FULL: later("The store is full"),
  SECRETS_UNAVAILABLE: later("The secrets could not be had"),
  OVERLOADED: later("Too many bodies are being read"),
  CLOSING: later("The verifier is closing"),
  COMMIT_FAILED: ours("A success could not be recorded"),
  LEASE_LOST: ours("The lease was lost while the handler ran"),
  HANDLER_TIMEOUT: ours("The handler did not end in time"),
} as const satisfies Record<string, CodeFacts>;

/** Every code, as a union of literals. */
export type ErrorCode = keyof typeof CODES;

/** Where the headings of docs/errors.md are found. */
export const ERRORS_PAGE = "https://github.com/countersign/countersign/blob/main/docs/errors.md";

/** Tells where a code is explained. */
export function pageOf(code: string): string {
  return `${ERRORS_PAGE}#${code.toLowerCase()}`;
}

/** The base of all errors thrown by Countersign. */
export class WebhookError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Thrown while something is being built, and by `store.check()`: an option is wrong. Its message names the option and the fix, never a secret. */
export class ConfigurationError extends WebhookError {
  /** The option that is wrong, as the user wrote it. */
  readonly option: string;
  /** The message without the page that explains it. */
  readonly detail: string;
  constructor(option: string, message: string, options?: ErrorOptions) {
    const detail = `${option}: ${message}`;
    super("MISCONFIGURED", `${detail} (${pageOf("MISCONFIGURED")})`, options);
    this.option = option;
    this.detail = detail;
  }
}

/** What is wrong with one delivery. */
export class VerificationError extends WebhookError {
  /** The status that the provider is sent. */
  get status(): number {
    return CODES[this.code].status;
  }
  /** Whether the same delivery may succeed later. */
  get retryable(): boolean {
    return CODES[this.code].retryable;
  }
  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code].title}: ${detail} (${pageOf(code)})`, options);
  }
}

/**
 * A refusal on its way through the checks. Not an `Error`: a stack costs more than the signature check itself, so one is made
 * only when somebody asks for it.
 */
export class Refusal {
  readonly code: ErrorCode;
  /** What was seen and how to mend it, for the operator. Never a secret, a body or a whole header value. */
  readonly detail: string;
  readonly cause: unknown;
  /** Seconds after which to send again, where the code is retryable. */
  readonly retryAfter: number | undefined;
  constructor(code: ErrorCode, detail: string, more: { cause?: unknown; retryAfter?: number } = {}) {
    this.code = code;
    this.detail = detail;
    this.cause = more.cause;
    this.retryAfter = more.retryAfter;
  }
  toError(): VerificationError {
    return new VerificationError(this.code, this.detail, this.cause === undefined ? undefined : { cause: this.cause });
  }
}
