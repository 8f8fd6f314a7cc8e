import type { BodySource, NodeStream, WebBody, WebStream } from "./body-source.js";
import { type Captured, isBytes, isCaptured, isLossy, toBytes } from "./captured.js";
import { Collector } from "./collector.js";
import { type AcceptedEncoding, readContentEncoding } from "./content-encoding.js";
import { inflate } from "./inflate.js";
import { checkComplete, checkSize } from "./limits.js";
import { RawBodyError } from "./raw-body-error.js";
import { readNodeStream } from "./read-node.js";
import { readWebStream } from "./read-web.js";

/** The limits of {@link readRawBody}, and what the request's headers say about its body. */
export interface RawBodyOptions {
  /** The most bytes to take, both as received and as inflated. */
  readonly maxBytes: number;
  /** Seconds until the whole body must be there. */
  readonly timeout: number;
  /**
   * The value of `Content-Length`, if any. Over `maxBytes` it is refused before anything is read; a body that ends before it is
   * incomplete, and so is one whose length is no number, as no HTTP server lets that pass. It is never trusted otherwise.
   */
  readonly contentLength?: string | undefined;
  /** The value of `Content-Encoding`, if any. */
  readonly contentEncoding?: string | undefined;
  /**
   * The encodings to inflate. What a body parser kept counts as inflated already.
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
   * Whether somebody else decoded the bytes to text and lost some on the way: it holds U+FFFD, or is not as long as was declared (they
   * skipped a byte order mark, or read another charset than UTF-8). If the signature fails then, it is their doing.
   */
  readonly lossy: boolean;
}

/**
 * Reads the exact bytes of a body, bounded in size and time. Answers at once where the bytes are at hand, else with a promise.
 *
 * A body is read from its stream unless somebody else has read that. Then their `rawBody` counts, or their `body` if it is bytes
 * or text; a parsed object never does. A `rawBody` of bytes counts in any case.
 *
 * @throws {RawBodyError} at once or by rejection, so `await` it inside `try`
 *
 * @example
 * const { bytes } = await readRawBody(request, { maxBytes: 1_048_576, timeout: 10 });
 */
export function readRawBody(source: BodySource, options: RawBodyOptions): Promise<RawBody> | RawBody {
  const declared = readDeclaredLength(options.contentLength, options.maxBytes);
  const encoding = readContentEncoding(options.contentEncoding, options.accept);
  const request: Request = { declared, encoding, options };
  if (source === null || source === undefined) return takeBytes(NO_BYTES, request);
  if (typeof source === "string") return takeParsed(source, request);
  if (isBytes(source)) return takeBytes(source, request);

  const { rawBody } = source as { readonly rawBody?: unknown };
  if (isBytes(rawBody)) return takeParsed(rawBody, request);
  if (isNodeStream(source)) {
    if (!wasRead(source)) return finish(readNodeStream(source, collect(request), options.timeout), request);
    if (typeof rawBody === "string") return takeParsed(rawBody, request);
    if (isCaptured(source.body)) return takeParsed(source.body, request);
    // A stream that ended and never gave anything had nothing to give, whatever a parser made of that.
    if (source.readableDidRead === false && source.readableEnded === true) return takeParsed(NO_BYTES, request);
    throw alreadyParsed(source.body);
  }
  const stream = unreadWebStream(source);
  if (stream !== undefined) return finish(readWebStream(stream, collect(request), options.timeout), request);
  if (typeof rawBody === "string") return takeParsed(rawBody, request);
  if (isEmptyWebBody(source)) return takeBytes(NO_BYTES, request);
  if (isReadWebBody(source)) throw new RawBodyError("BODY_ALREADY_PARSED", READ_ELSEWHERE);
  throw alreadyParsed(source);
}

/** One call's headers, read, and its options. */
interface Request {
  readonly declared: number | undefined;
  readonly encoding: AcceptedEncoding | undefined;
  readonly options: RawBodyOptions;
}

const NO_BYTES = new Uint8Array(0);

function readDeclaredLength(header: string | undefined, maxBytes: number): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d+$/.test(header)) {
    throw new RawBodyError("BODY_INCOMPLETE", "Content-Length is not one number, so nobody can tell where the body ends");
  }
  const declared = Number(header);
  checkSize(declared, maxBytes, "were declared");
  return declared;
}

/** Bytes as they were received. */
function takeBytes(received: ArrayBufferView | ArrayBuffer, request: Request): Promise<RawBody> | RawBody {
  const { declared, encoding, options } = request;
  const bytes = toBytes(received, options.maxBytes);
  checkComplete(bytes.length, declared);
  options.onChunk?.(bytes.length);
  return encoding === undefined ? { bytes, lossy: false } : inflateRest(bytes, encoding, options, options.timeout);
}

/** What somebody else made of the received bytes: parsers inflate before they keep, and text may be shorter or longer than declared. */
function takeParsed(kept: Captured, { declared, encoding, options }: Request): RawBody {
  const bytes = toBytes(kept, options.maxBytes);
  const isText = typeof kept === "string";
  const isMeasured = encoding === undefined && declared !== undefined;
  if (isMeasured && !isText) checkComplete(bytes.length, declared);
  options.onChunk?.(bytes.length);
  return { bytes, lossy: isText && (isLossy(kept) || (isMeasured && bytes.length !== declared)) };
}

function collect({ declared, options }: Request): Collector {
  return new Collector({ maxBytes: options.maxBytes, declared, onChunk: options.onChunk });
}

function finish(reading: Promise<Uint8Array>, { encoding, options }: Request): Promise<RawBody> {
  if (encoding === undefined) return reading.then(asReceived);
  // One deadline for both: inflating gets what reading has left over.
  const started = performance.now();
  return reading.then((received) => inflateRest(received, encoding, options, options.timeout - (performance.now() - started) / 1000));
}

function asReceived(bytes: Uint8Array): RawBody {
  return { bytes, lossy: false };
}

async function inflateRest(received: Uint8Array, encoding: AcceptedEncoding, options: RawBodyOptions, timeout: number): Promise<RawBody> {
  return asReceived(await inflate(received, encoding, { ...options, timeout }));
}

function isNodeStream(source: object): source is NodeStream {
  return typeof (source as Partial<NodeStream>).on === "function" && typeof (source as Partial<NodeStream>).pause === "function";
}

/**
 * Judged by the stream: Express 4 sets `body` to `{}` without reading. One that died unread counts as unread, also under HTTP/2,
 * where a reset looks like a regular end.
 */
function wasRead(stream: NodeStream): boolean {
  if (stream.readableDidRead === true) return true;
  if (stream.aborted === true) return false;
  return stream.readableEnded === true || (stream.readable === false && stream.destroyed !== true);
}

/** The stream of bytes in a source, unless somebody else has begun to read it. */
function unreadWebStream(source: object): WebStream | undefined {
  const { body, bodyUsed } = source as Partial<WebBody>;
  const stream = body ?? (source as Partial<WebStream>);
  return typeof stream.getReader === "function" && bodyUsed !== true && stream.locked !== true ? (stream as WebStream) : undefined;
}

/** A `Request` or `Response` without a body; any other object without one is not taken for it. */
function isEmptyWebBody(source: object): boolean {
  const { body, bodyUsed } = source as Partial<WebBody>;
  return body === null && bodyUsed === false;
}

/** A `Request`, `Response` or web stream that somebody else has read, or is reading. */
function isReadWebBody(source: object): boolean {
  const { body, bodyUsed } = source as Partial<WebBody>;
  return bodyUsed === true || (body ?? (source as Partial<WebStream>)).locked === true;
}

const READ_ELSEWHERE =
  "the request's body was read, or is being read; read it through the event (event.rawBody, event.payload), or give whatever else reads it a clone, made before (request.clone())";

function alreadyParsed(left: unknown): RawBodyError {
  const what = left === undefined ? "nothing" : `a parsed ${Array.isArray(left) ? "array" : typeof left}`;
  return new RawBodyError(
    "BODY_ALREADY_PARSED",
    `${what} is left of the body; mount the webhook route before the body parsers, or let them keep what they read as rawBody (in Express: express.json({ verify: keepRawBody }))`,
  );
}
