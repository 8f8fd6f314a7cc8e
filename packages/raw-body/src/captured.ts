import { checkSize } from "./limits.js";

/** Bytes or text of a body that somebody has read already. */
export type Captured = ArrayBufferView | ArrayBuffer | string;

/** Tells whether a value is bytes or text, rather than something that was parsed from it. */
export function isCaptured(value: unknown): value is Captured {
  return typeof value === "string" || isBytes(value);
}

/** Tells whether a value is bytes; also from another realm, where `instanceof` fails. */
export function isBytes(value: unknown): value is ArrayBufferView | ArrayBuffer {
  return ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}

/** Answers captured bytes as they are, and text as UTF-8. */
export function toBytes(value: Captured, maxBytes: number): Uint8Array {
  if (typeof value === "string") {
    // Text has at least as many bytes as it has code units: what is far too long is not encoded first.
    checkSize(value.length, maxBytes, "or more were handed over");
    value = new TextEncoder().encode(value);
  }
  checkSize(value.byteLength, maxBytes, "were handed over");
  return ArrayBuffer.isView(value) ? viewAsBytes(value) : new Uint8Array(value);
}

/** Answers the bytes under a view, not copied; a view from another realm becomes one of this. */
export function viewAsBytes(view: ArrayBufferView): Uint8Array {
  return view instanceof Uint8Array ? view : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Tells whether text cannot be the received bytes any more: decoding has put U+FFFD, or half a surrogate pair, in their place. */
export function isLossy(text: string): boolean {
  return /[\uFFFD\uD800-\uDFFF]/u.test(text);
}
