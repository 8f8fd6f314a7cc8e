/** Why a body could not be had. */
export type RawBodyErrorCode = "BODY_TOO_LARGE" | "BODY_TIMEOUT" | "BODY_INCOMPLETE" | "BODY_ALREADY_PARSED" | "CONTENT_ENCODING_REFUSED";

/**
 * Thrown, or rejected with, when the exact bytes of a body cannot be had within the limits.
 *
 * - `BODY_TOO_LARGE`: more bytes were declared, received or inflated than `maxBytes` (or `maxRatio`) allows.
 * - `BODY_TIMEOUT`: the body was not complete after `timeout` seconds.
 * - `BODY_INCOMPLETE`: the body ended early, its stream failed, its compression is corrupt, or its declared length is no number.
 * - `BODY_ALREADY_PARSED`: somebody else read the body, and its bytes are gone.
 * - `CONTENT_ENCODING_REFUSED`: the body is compressed in a way that `accept` does not name, or that this runtime cannot inflate.
 */
export class RawBodyError extends Error {
  readonly code: RawBodyErrorCode;
  /** What was seen and how to mend it. Never a part of the body. */
  readonly detail: string;
  constructor(code: RawBodyErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "RawBodyError";
    this.code = code;
    this.detail = detail;
  }
}
