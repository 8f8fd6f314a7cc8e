import type { Timer, Timers } from "./timers.js";

/** A timer each: where a platform ties timers to requests, none may be shared between them. */
export function createTimers(milliseconds: number): Timers {
  return {
    start(expire): Timer {
      const timer = setTimeout(expire, milliseconds);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
