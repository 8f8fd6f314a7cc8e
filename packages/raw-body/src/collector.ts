import { viewAsBytes } from "./captured.js";
import { checkComplete, checkSize } from "./limits.js";
import { RawBodyError } from "./raw-body-error.js";

/** What a {@link Collector} holds the chunks against. */
export interface CollectorLimits {
  readonly maxBytes: number;
  /** The number of bytes that were announced, if any. */
  readonly declared?: number | undefined;
  readonly onChunk?: ((bytes: number) => void) | undefined;
}

/** A sender may cut a body into single bytes, and a chunk object costs a hundred times that: so many of them become one. */
const JOIN_AT = 1024;

/** Takes the chunks of a body, counts them as they come, and joins them at the end. */
export class Collector {
  readonly limits: CollectorLimits;
  length = 0;
  /** Chunks that are already joined ones. */
  readonly #blocks: Uint8Array[] = [];
  #chunks: Uint8Array[] = [];
  constructor(limits: CollectorLimits) {
    this.limits = limits;
  }

  /** What came so far, of what was announced. */
  get progress(): string {
    const { declared } = this.limits;
    return `${this.length}${declared === undefined ? "" : ` of ${declared} declared`} bytes`;
  }

  /** Takes one chunk; throws if it is one too many, no bytes at all, or if `onChunk` throws. */
  add(chunk: unknown): void {
    if (!ArrayBuffer.isView(chunk)) {
      throw new RawBodyError(
        "BODY_ALREADY_PARSED",
        `the body's stream yields a ${typeof chunk} instead of bytes; remove what decodes it (setEncoding, a transform)`,
      );
    }
    this.length += chunk.byteLength;
    checkSize(this.length, this.limits.maxBytes, "were read");
    this.limits.onChunk?.(chunk.byteLength);
    this.#chunks.push(viewAsBytes(chunk));
    if (this.#chunks.length === JOIN_AT) {
      this.#blocks.push(join(this.#chunks));
      this.#chunks = [];
    }
  }

  /**
   * Answers the whole body, always as a plain `Uint8Array`: a `Buffer` for bodies of one chunk only would let code that relies on
   * `Buffer.toString()` pass its tests and fail on the first larger body.
   */
  finish(): Uint8Array {
    checkComplete(this.length, this.limits.declared);
    return join(this.#blocks.length === 0 ? this.#chunks : [...this.#blocks, ...this.#chunks]);
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const first = chunks[0];
  if (first === undefined) return new Uint8Array(0);
  if (chunks.length === 1) return new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
