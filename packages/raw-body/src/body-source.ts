/**
 * What a runtime may hand over as the body of a request. The types are structural, so that Node, undici, DOM and framework types
 * all fit, and none of them has to be installed.
 *
 * | given | read as |
 * |---|---|
 * | `Uint8Array`, `ArrayBuffer`, any other view | these bytes, not copied |
 * | `string` | UTF-8 |
 * | `null`, `undefined` | no bytes |
 * | `Request`, `Response`, or what else has a web stream as `body` | the stream |
 * | `ReadableStream<Uint8Array>` | the stream |
 * | Node's `IncomingMessage` or any other `Readable` | the stream; if somebody read it before, what they kept as `rawBody` or as an unparsed `body` |
 * | `{ rawBody }` | these bytes, or this text as UTF-8 |
 */
export type BodySource = ArrayBufferView | ArrayBuffer | string | null | undefined | WebBody | WebStream | NodeStream | CapturedBody;

/** A `Request`, a `Response`, or what looks like one. */
export interface WebBody {
  readonly body: WebStream | null;
  readonly bodyUsed?: boolean;
}

/** A `ReadableStream` of bytes. */
export interface WebStream {
  readonly locked: boolean;
  getReader(): WebStreamReader;
}

/** The default reader of a {@link WebStream}. */
export interface WebStreamReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** A Node `Readable`, such as an `IncomingMessage`, with what parsers may have left on it. */
export interface NodeStream {
  on(event: string, listener: (...values: never[]) => void): unknown;
  removeListener(event: string, listener: (...values: never[]) => void): unknown;
  pause(): unknown;
  resume(): unknown;
  readonly readable?: boolean;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  readonly readableEncoding?: string | null;
  readonly readableFlowing?: boolean | null;
  readonly destroyed?: boolean;
  readonly aborted?: boolean;
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** The part of Node's `IncomingMessage` that is needed to get rid of it. */
export interface NodeRequest extends NodeStream {
  destroy(): unknown;
  readonly socket?: { destroySoon?(): unknown } | null;
  /** Under HTTP/2, where many requests share a socket. */
  readonly stream?: { close(code: number): unknown };
}

/** Whatever carries a body that its platform has captured. */
export interface CapturedBody {
  readonly rawBody: Uint8Array | string;
}
