/** The words of the store suite: a case, what it needs, and the harness that brings a store to it. */

import type { Store } from "@countersign/core";

/**
 * What a harness may be able to do.
 *
 * - `own-clock`: the store's time is a server's or the machine's, not the process's `Date`
 * - `connections`: the stores of a session work over connections of their own, at the same time
 * - `faults`: the session can break the connection
 * - `freeze`: the session can freeze the server
 */
export type StoreTrait = "own-clock" | "connections" | "faults" | "freeze";

/** What can be done to the way between `stores[0]` and its server. */
export interface StoreFaults {
  /** The next reply is cut after its first bytes and the connection reset: the request has arrived, its answer has not. */
  cutNextReply(): void;
  /** Replies come so many milliseconds late; 0 ends it. */
  slowReplies(milliseconds: number): void;
  /** Resets all connections and refuses new ones until `mend`. */
  sever(): void;
  mend(): void;
}

/** A store under test, empty or at least without the keys that a case makes up. */
export interface StoreSession {
  /** At least two stores that share what they hold. */
  readonly stores: readonly [Store, Store, ...Store[]];
  /** Moves the clock by so many milliseconds, where it stands still by itself. */
  readonly elapse?: ((milliseconds: number) => void) | undefined;
  readonly faults?: StoreFaults | undefined;
  readonly freeze?: { pause(): void; resume(): void } | undefined;
  close(): Promise<void>;
}

/** Brings one kind of store to the suite. */
export interface StoreHarness {
  readonly name: string;
  readonly traits: readonly StoreTrait[];
  /** Opens what a case needs. */
  open(needs: readonly StoreTrait[]): Promise<StoreSession>;
}

/** One thing that every store does. `run` rejects if this one does not. */
export interface StoreCase {
  readonly name: string;
  /** A harness without these traits skips the case. */
  readonly needs?: readonly StoreTrait[];
  run(session: StoreSession): Promise<void>;
}
