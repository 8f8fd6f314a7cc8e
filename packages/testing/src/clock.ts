/** A clock that stands still until it is told. `now` is what `createVerifier` and `memoryStore` take. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Moves on by so many seconds. */
  advance(seconds: number): void;
  /** Jumps to a time, in epoch milliseconds. */
  set(milliseconds: number): void;
}

/**
 * Makes a clock that stands still.
 *
 * @param start epoch milliseconds, a date, or its text. @default the present
 * @example
 * const clock = createClock("2026-01-01T00:00:00Z");
 * const verifier = createVerifier({ provider, now: clock.now });
 */
export function createClock(start: number | Date | string = Date.now()): Clock {
  let time = new Date(start).getTime();
  if (Number.isNaN(time)) throw new RangeError("createClock: expected epoch milliseconds, a date, or the text of one");
  return {
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000;
    },
    set: (milliseconds) => {
      time = milliseconds;
    },
  };
}
