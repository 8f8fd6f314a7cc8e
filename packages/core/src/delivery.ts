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
  /**
   * Whether `url` is the request target as it stood on the wire, on a server of our own: only then can an absolute form and a fragment
   * be seen, and they are refused. Elsewhere, no `address` means that the platform tells none.
   */
  readonly wire?: boolean | undefined;
  readonly headers: HeadersInput;
  /** Read late, and only once: a stream, a `Request`, bytes. */
  readonly body: BodySource;
  /**
   * The peer's address, from the socket or the platform; read on entry, before any `await`. Left out where there is none, as on a
   * Unix socket, or where nobody tells it; `""` where it is lost, since the peer has reset its connection: no option trusts or allows
   * such a peer, not even `trustedProxies: ["unix"]`.
   */
  readonly address?: string | undefined;
  /** The protocol that the socket or the platform itself knows; never what a header or the wire says. */
  readonly protocol?: "http" | "https" | undefined;
  /** Epoch milliseconds by which the platform ends us. */
  readonly deadline?: number | undefined;
}
