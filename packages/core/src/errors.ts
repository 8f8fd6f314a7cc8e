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

const facts = (status: CodeFacts["status"], title: string): CodeFacts => ({ status, retryable: status >= 500, title });

/** Code to status, in the order of docs/errors.md. */
export const CODES = {
  TARGET_INVALID: facts(400, "The request target is not a path"),
  HEADER_DUPLICATED: facts(400, "A security header appears twice"),
  HEADER_MALFORMED: facts(400, "A security header cannot be read"),
  BODY_INCOMPLETE: facts(400, "The body ended before it was complete"),
  PAYLOAD_MALFORMED: facts(400, "The payload is not what its content type says"),
  HEADER_MISSING: facts(401, "A security header is missing"),
  SIGNATURE_MISMATCH: facts(401, "No signature fits"),
  TIMESTAMP_MALFORMED: facts(401, "The timestamp cannot be read"),
  TIMESTAMP_TOO_OLD: facts(401, "The timestamp is too old"),
  TIMESTAMP_IN_FUTURE: facts(401, "The timestamp lies in the future"),
  TENANT_UNKNOWN: facts(401, "Nobody knows this tenant"),
  HANDSHAKE_REFUSED: facts(401, "The handshake is refused"),
  HTTPS_REQUIRED: facts(403, "The delivery did not come over HTTPS"),
  ADDRESS_NOT_ALLOWED: facts(403, "The source address is not on the list"),
  ADDRESS_UNKNOWN: facts(403, "The source address cannot be told"),
  METHOD_NOT_ALLOWED: facts(405, "The method is not allowed"),
  BODY_TIMEOUT: facts(408, "The body took too long"),
  BODY_TOO_LARGE: facts(413, "The body is too large"),
  CONTENT_ENCODING_REFUSED: facts(415, "The content encoding is refused"),
  BODY_ALREADY_PARSED: facts(500, "The body was read before it could be verified"),
  HANDLER_FAILED: facts(500, "The handler failed"),
  NOBODY_REPLIED: facts(500, "Nobody replied"),
  MISCONFIGURED: facts(500, "The verifier is misconfigured"),
  CLAIM_BUSY: facts(503, "The same event is being handled"),
  REPLAYED: facts(503, "The same signed content was met before"),
  STORE_UNAVAILABLE: facts(503, "The store did not answer"),
  STORE_FULL: facts(503, "The store is full"),
  SECRETS_UNAVAILABLE: facts(503, "The secrets could not be had"),
  OVERLOADED: facts(503, "Too many bodies are being read"),
  CLOSING: facts(503, "The verifier is closing"),
  COMMIT_FAILED: facts(500, "A success could not be recorded"),
  LEASE_LOST: facts(500, "The lease was lost while the handler ran"),
  HANDLER_TIMEOUT: facts(500, "The handler did not end in time"),
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
    this.name = "WebhookError"; // as text: a bundler shortens the names of classes
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
    this.name = "ConfigurationError";
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
    this.name = "VerificationError";
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
