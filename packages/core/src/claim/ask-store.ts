import { Refusal } from "../errors.js";
import type { Store } from "./store.js";
import type { Timers } from "./timers.js";

/** What a store's silence is turned into. */
class StoreSilent extends Error {
  constructor() {
    super("the store did not answer within storeTimeout");
    this.name = "StoreSilent";
  }
}

/** Asks a store, for at most the length of the timers. A store that throws where it should reject is taken as rejecting. */
export function askStore<T>(store: Store, timers: Timers, question: () => Promise<T>): Promise<T> {
  if (store.immediate !== true) return limited(timers, question);
  try {
    return question();
  } catch (error) {
    return Promise.reject(error);
  }
}

function limited<T>(timers: Timers, question: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.start(() => reject(new StoreSilent()));
    const settle =
      <V>(done: (value: V) => void) =>
      (value: V): void => {
        timer.cancel();
        done(value);
      };
    let answer: Promise<T>;
    try {
      answer = question();
    } catch (error) {
      settle(reject)(error);
      return;
    }
    answer.then(settle(resolve), settle(reject));
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
