import { Collector } from "./collector.js";
import type { AcceptedEncoding } from "./content-encoding.js";
import { RawBodyError } from "./raw-body-error.js";
import { readWebStream } from "./read-web.js";

/** Up to here no ratio is judged: small bodies of blanks and zeros honestly compress a thousandfold. */
const FREE_BYTES = 65_536;

/** How DecompressionStream calls the content codings, and whether bytes that were received end as the inflated ones demand. */
const FORMATS: Readonly<
  Record<AcceptedEncoding, { readonly name: string; readonly endsWell?: (end: DataView, bytes: Uint8Array) => boolean }>
> = {
  // RFC 1952, 2.3: the length, little-endian.
  gzip: { name: "gzip", endsWell: (end, bytes) => end.getUint32(0, true) === bytes.length % 2 ** 32 },
  // HTTP's deflate is zlib's format (RFC 9110, 8.4.1.2). RFC 1950, 2.2: Adler-32, big-endian.
  deflate: { name: "deflate", endsWell: (end, bytes) => end.getUint32(0) === adler32(bytes) },
  // Brotli has no trailer to go by.
  br: { name: "brotli" },
};

/** What inflating is held against. */
export interface InflateLimits {
  readonly maxBytes: number;
  /** Seconds. */
  readonly timeout: number;
  readonly maxRatio?: number | undefined;
  readonly onChunk?: ((bytes: number) => void) | undefined;
}

/** Inflates a body, with its size counted as it grows. */
export async function inflate(received: Uint8Array, encoding: AcceptedEncoding, limits: InflateLimits): Promise<Uint8Array> {
  if (received.length === 0) return received;
  const { maxBytes, timeout, maxRatio = 100, onChunk } = limits;
  const collector = new Collector({
    maxBytes,
    onChunk: (bytes) => {
      if (collector.length > FREE_BYTES && !(collector.length <= received.length * maxRatio)) throw bomb(received.length, maxRatio);
      onChunk?.(bytes);
    },
  });
  const { readable, writable } = decompression(encoding);
  const writer = writable.getWriter();
  // What goes wrong here also fails the readable side, where it is reported.
  writer.write(received).catch(() => {});
  writer.close().catch(() => {});
  const bytes = await readWebStream(readable, collector, timeout, `the ${encoding} data are corrupt or cut off`);
  // Some runtimes pass over what follows the compressed data. They end in a trailer: where the received bytes end in another,
  // something follows. So several gzip members in a row are refused too, as the Compression Standard has it.
  if (FORMATS[encoding].endsWell?.(new DataView(received.buffer, received.byteOffset + received.length - 4, 4), bytes) === false) {
    throw new RawBodyError("BODY_INCOMPLETE", `something follows the ${encoding} data; the sender has to send one compressed body`);
  }
  return bytes;
}

function bomb(received: number, maxRatio: number): RawBodyError {
  return new RawBodyError(
    "BODY_TOO_LARGE",
    `${received} bytes inflate to more than ${maxRatio} times as many; raise maxRatio if that is honest`,
  );
}

function decompression(encoding: AcceptedEncoding): { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> } {
  try {
    return new DecompressionStream(FORMATS[encoding].name as CompressionFormat) as DecompressionStream & {
      writable: WritableStream<Uint8Array>;
    };
  } catch (cause) {
    throw new RawBodyError("CONTENT_ENCODING_REFUSED", `this runtime cannot inflate ${encoding}; let the sender use gzip`, { cause });
  }
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
}
