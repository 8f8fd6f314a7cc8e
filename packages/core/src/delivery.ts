import type { BodySource } from "@countersign/raw-body";

/**
 * Headers in whatever shape is at hand: a fetch `Headers`, a record of strings or string lists, a list of pairs, or Node's
 * `rawHeaders` (names and values in turn). Pairs, lists and `rawHeaders` keep duplicates apart; the others join them.
 */
export type HeadersInput =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [string, string]>
  | readonly string[];

/** One HTTP request carrying an event, as an adapter hands it over. */
export interface Delivery {
  readonly method: string;
  /** As received: the request target on Node, the whole URL on fetch runtimes. */
  readonly url: string;
  /** Whether `url` is the request target as it stood on the wire, which must be a path. */
  readonly wire?: boolean | undefined;
  readonly headers: HeadersInput;
  /** Read late, and only once: a stream, a `Request`, bytes. */
  readonly body: BodySource;
  /** The peer's address, from the socket or the platform; read on entry, before any `await`. */
  readonly address?: string | undefined;
  /** The protocol that the socket or the platform itself knows; never what a header or the wire says. */
  readonly protocol?: "http" | "https" | undefined;
  /** Epoch milliseconds by which the platform ends us. */
  readonly deadline?: number | undefined;
}
