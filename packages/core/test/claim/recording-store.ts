import { memoryStore } from "../../src/claim/memory-store.js";
import type { Claim, ClaimAnswer, Keep, Store } from "../../src/claim/store.js";

/** A store that lets tests see what it is told, and does with each operation what they say first. */
export interface RecordingStore extends Store {
  readonly claims: Claim[];
  readonly calls: string[];
  readonly kept: Keep[];
  /** Runs before an operation reaches the store; what it throws is the store's answer. */
  before: Partial<Record<"claim" | "renew" | "commit" | "release", (claim: Claim) => Promise<void> | void>>;
  /** Fulfils with the next call of an operation, once the store has answered it. */
  next(operation: "claim" | "renew" | "commit" | "release"): Promise<Claim>;
}

/** Makes a store in memory that records. Like a store behind a network, it does not answer at once. */
export function recordingStore(inner: Store = memoryStore()): RecordingStore {
  const waiting = new Map<string, ((claim: Claim) => void)[]>();
  const recorded: RecordingStore = {
    durable: false,
    claims: [],
    calls: [],
    kept: [],
    before: {},
    next: (operation) => new Promise((resolve) => waiting.set(operation, [...(waiting.get(operation) ?? []), resolve])),
    claim: (claim) => {
      recorded.claims.push(claim);
      return run<ClaimAnswer>("claim", claim, () => inner.claim(claim));
    },
    renew: (claim) => run<"ok" | "lost">("renew", claim, () => inner.renew(claim)),
    commit: (claim, keep) => {
      recorded.kept.push(keep);
      return run<"ok" | "held">("commit", claim, () => inner.commit(claim, keep));
    },
    release: (claim) => run<void>("release", claim, () => inner.release(claim)),
  };
  const run = async <T>(operation: "claim" | "renew" | "commit" | "release", claim: Claim, act: () => Promise<T>): Promise<T> => {
    recorded.calls.push(operation);
    try {
      await recorded.before[operation]?.(claim);
      return await act();
    } finally {
      for (const resolve of waiting.get(operation)?.splice(0) ?? []) resolve(claim);
    }
  };
  return recorded;
}
