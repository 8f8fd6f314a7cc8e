/** What a claim store does: the contract between the verifier and whatever remembers its claims. */

/**
 * One reservation, as text without secrets.
 *
 * `key` excludes: while it is leased or done, nobody else gets it. `mark` only informs. Both are digests, at most 64 characters of
 * `[A-Za-z0-9_-]`; so is `partition`, which key and mark share and by which a store may shard. `tag` is a short text that tells
 * whether a duplicate was signed alike (at most 128 characters). `token` is chosen by the caller before the call, so that a claim
 * whose answer was lost can be released.
 */
export interface Claim {
  readonly token: string;
  readonly key: string;
  readonly mark?: string | undefined;
  readonly partition: string;
  readonly tag: string;
  /** Milliseconds. */
  readonly lease: number;
}

/** How long a commit is remembered, in milliseconds. A bounded store also learns from it what may make room. */
export interface Keep {
  readonly key: number;
  readonly mark: number;
  /** The key may not be evicted for this long: a replay would still pass the timestamp. @default 0 */
  readonly protect?: number | undefined;
  /** The key is a repeat's, and makes room first. @default false */
  readonly repeat?: boolean | undefined;
}

/**
 * What a store says to a claim.
 *
 * - `claimed`: the key is ours until the lease ends. `repeats` tells whether the mark was met: held by another's lease (`running`) or done.
 * - `busy`: another holds the key, for at most `remaining` more milliseconds.
 * - `duplicate`: the key is done; `tag` is what was kept with it.
 */
export type ClaimAnswer =
  | { readonly outcome: "claimed"; readonly repeats: false | "running" | "done" }
  | { readonly outcome: "busy"; readonly remaining: number }
  | { readonly outcome: "duplicate"; readonly tag: string };

/**
 * Remembers claims. One round trip per operation, atomic; the store's clock counts; a lapsed lease is absent, for its holder too.
 *
 * | operation | free or lapsed | mine | another's lease | done |
 * |---|---|---|---|---|
 * | `claim` | lease | lease | busy | duplicate |
 * | its mark | lease | lease | leave: `repeats: "running"` | leave: `repeats: "done"` |
 * | `renew` | lost | extend (the mark only if mine) | lost | lost |
 * | `commit` | done | done | leave: `held` | leave |
 * | its mark | done | done | done | leave |
 * | `release` | - | delete | leave | leave |
 *
 * `commit` answers `ok` unless the key is under another's lease. A store that cannot answer rejects; the verifier then answers 503.
 * One that is full rejects with a {@link StoreFull}.
 */
export interface Store {
  /** Whether claims outlive the process. */
  readonly durable: boolean;
  claim(claim: Claim): Promise<ClaimAnswer>;
  renew(claim: Claim): Promise<"ok" | "lost">;
  commit(claim: Claim, keep: Keep): Promise<"ok" | "held">;
  release(claim: Claim): Promise<void>;
  /**
   * Tells whether the store can be reached and is set up.
   * @throws ConfigurationError if something must be mended first, such as a missing table.
   */
  check?(): Promise<void>;
}

/** What a bounded store rejects with when nothing may make room. */
export class StoreFull extends Error {
  constructor(message: string) {
    super(message);
    this.name = "StoreFull";
  }
}
