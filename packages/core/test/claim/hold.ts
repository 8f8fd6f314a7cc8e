import { createAskedStore } from "../../src/claim/ask-store.js";
import { type ClaimKeeper, HeldClaim, type Settlement } from "../../src/claim/held-claim.js";
import { createLateCommits } from "../../src/claim/late-commits.js";
import type { Claim } from "../../src/claim/store.js";
import { createTimers } from "../../src/claim/timers-node.js";
import { recordingStore } from "./recording-store.js";

/** What a held claim is made with, in milliseconds. */
export interface Held {
  readonly lease?: number;
  readonly renewEvery?: number;
  /** How long its timers really take: a platform's may be early, and a busy process is late. */
  readonly renewAfter?: number;
  readonly handlerTimeout?: number;
  /** Epoch milliseconds. */
  readonly deadline?: number;
  readonly commitHorizon?: number;
  readonly storeTimeout?: number;
  /** Not deduplicated: no claim at all. */
  readonly bare?: boolean;
}

/** Takes a claim on a store and holds it. */
export async function hold({
  lease = 400,
  renewEvery = lease / 13,
  renewAfter = renewEvery,
  handlerTimeout = 60_000,
  deadline,
  commitHorizon = 60_000,
  storeTimeout = 1000,
  bare = false,
}: Held = {}) {
  const store = recordingStore();
  const claim: Claim = { token: "mine", key: "k", partition: "p", tag: "t", lease };
  if (!bare) await store.claim(claim);
  const said: { code: string; detail: string; cause: unknown; id: string | undefined }[] = [];
  const settled: Settlement[] = [];
  let left = 0;
  const listeners: (() => void)[] = [];
  const renewalTimers = createTimers(renewAfter);
  const lateCommits = createLateCommits(commitHorizon);
  const keeper: ClaimKeeper = {
    store: createAskedStore(store, createTimers(storeTimeout)),
    renewEvery,
    renewalTimers,
    lateCommits,
    say(code, detail, cause, id) {
      said.push({ code, detail, cause, id });
      for (const resume of listeners.splice(0)) resume();
    },
    leave: () => void left++,
  };
  const held = new HeldClaim(keeper, {
    claim: bare ? undefined : claim,
    keep: { key: 60_000, mark: 60_000 },
    id: "evt_1",
    since: performance.now(),
    deadline,
    handlerTimeout,
    successStatus: 204,
    settled: (settlement) => settled.push(settlement),
  });
  return {
    held,
    store,
    claim,
    lateCommits,
    said,
    settled,
    left: () => left,
    /** Fulfils when something is said. */
    heard: () => new Promise<void>((resolve) => listeners.push(resolve)),
    /** Fulfils after every renewal that is due by now. */
    nextRenewal: () => new Promise<void>((resolve) => renewalTimers.start(resolve)),
    /** What another delivery of the event meets. */
    other: () => store.claim({ ...claim, token: "other" }),
  };
}

/** Fulfils when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

export const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
