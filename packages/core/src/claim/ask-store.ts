import type { Awaitable } from "../awaitable.js";
import { Refusal } from "../errors.js";
import { type Operations, operationsOf } from "./memory-store.js";
import type { Claim, ClaimAnswer, Keep, Store } from "./store.js";
import type { Timers } from "./timers.js";

/**
 * A store as the verifier asks it: the memory store answers at once, every other within `storeTimeout`, or within the milliseconds
 * given. A failure is thrown or comes as a rejection.
 */
export interface AskedStore {
  /** A claim whose answer was lost may have been made: it is released by its token, now and if the answer still comes. */
  claim(claim: Claim, within: number | undefined): Awaitable<ClaimAnswer>;
  renew(claim: Claim): Awaitable<"ok" | "lost">;
  commit(claim: Claim, keep: Keep, within: number | undefined): Awaitable<"ok" | "held">;
  /** Never fails: what the store does not hear is left to the lease. */
  release(claim: Claim, within?: number | undefined): Awaitable<void>;
}

/** The longest that a timer takes. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Makes a store askable.
 * @param timers of `storeTimeout`
 */
export function createAskedStore(store: Store, timers: Timers): AskedStore {
  const operations = operationsOf(store);
  /** Looked at each time: somebody may have put another method in the place of one. */
  const own = (name: keyof Operations["promised"]): Operations | undefined =>
    operations !== undefined && store[name] === operations.promised[name] ? operations : undefined;

  const release = (claim: Claim, within?: number): Awaitable<void> => {
    const direct = own("release");
    return direct === undefined ? limited(timers, within, () => store.release(claim)).catch(() => {}) : direct.release(claim);
  };

  const claimInTime = async (claim: Claim, within: number | undefined): Promise<ClaimAnswer> => {
    let isLate = false;
    try {
      return await limited(timers, within, async () => {
        const answer = await store.claim(claim);
        if (isLate && answer.outcome === "claimed") void release(claim);
        return answer;
      });
    } catch (error) {
      isLate = true;
      void release(claim);
      throw error;
    }
  };

  return {
    claim: (claim, within) => own("claim")?.claim(claim) ?? claimInTime(claim, within),
    renew: (claim) => own("renew")?.renew(claim) ?? limited(timers, undefined, () => store.renew(claim)),
    commit: (claim, keep, within) => own("commit")?.commit(claim, keep) ?? limited(timers, within, () => store.commit(claim, keep)),
    release,
  };
}

/** A store that throws where it should reject is taken as rejecting. */
function limited<T>(timers: Timers, within: number | undefined, question: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      timer.cancel();
      clearTimeout(sooner);
    };
    const giveUp = (): void => {
      stop();
      reject(new Error("the store did not answer in time"));
    };
    const timer = timers.start(giveUp);
    // where a platform ends us sooner than the store may take
    const sooner = within === undefined ? undefined : setTimeout(giveUp, Math.min(Math.max(0, within), MAX_DELAY));
    new Promise<T>((answer) => answer(question())).then(resolve, reject).finally(stop);
  });
}

/** A store's failure as a refusal: its own misconfiguration and a full store are told apart from one that cannot be reached. */
export function toStoreRefusal(error: unknown): Refusal {
  const name = error instanceof Error ? error.name : "";
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (name === "StoreFull")
    return new Refusal("STORE_FULL", "every key is inside the replay window; raise maxClaims or use a durable store", {
      cause: error,
      retryAfter: 30,
    });
  if (code === "MISCONFIGURED")
    return new Refusal("MISCONFIGURED", `the store is not set up: ${(error as Error).message}`, { cause: error });
  return new Refusal("STORE_UNAVAILABLE", "the store failed or was silent for storeTimeout; nothing was accepted", {
    cause: error,
    retryAfter: 5,
  });
}
