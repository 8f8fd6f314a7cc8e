import type { BodySource } from "./body-source.js";
import { RawBodyError } from "./raw-body-error.js";

/** The compressions that a body may be accepted in. */
export type AcceptedEncoding = "gzip" | "deflate" | "br";

/** The limits of {@link readRawBody}, and what the request's headers say about its body. */
export interface RawBodyOptions {
  /** The most bytes to take, both as received and as inflated. */
  readonly maxBytes: number;
  /** Seconds until the whole body must be there. */
  readonly timeout: number;
  /** The value of `Content-Length`, if any. Over `maxBytes` it is refused at once; a body that ends before it is incomplete. */
  readonly contentLength?: string | undefined;
  /** The value of `Content-Encoding`, if any. */
  readonly contentEncoding?: string | undefined;
  /**
   * The encodings to inflate.
   * @default none
   */
  readonly accept?: readonly AcceptedEncoding[] | undefined;
  /**
   * Called with the length of each chunk that is taken into memory, received or inflated; once for bytes that are at hand. It may
   * throw to stop the reading: its error is passed on as it is.
   */
  readonly onChunk?: ((bytes: number) => void) | undefined;
  /**
   * How many times larger than received a body may become by inflating, judged beyond 64 KiB.
   * @default 100
   */
  readonly maxRatio?: number | undefined;
}

/** The exact bytes of a body. */
export interface RawBody {
  readonly bytes: Uint8Array;
  /**
   * Whether somebody else decoded the bytes to text and lost some on the way: it holds U+FFFD. If the signature fails then, it is
   * their doing.
   */
  readonly lossy: boolean;
}

/**
 * Reads the exact bytes of a body, bounded in size and time. Answers at once where the bytes are at hand, else with a promise.
 *
 * @throws {RawBodyError} at once or by rejection, so `await` it inside `try`
 */
export function readRawBody(_source: BodySource, _options: RawBodyOptions): Promise<RawBody> | RawBody {
  throw new RawBodyError("BODY_INCOMPLETE", "not read");
}
