import type { Collector } from "./collector.js";
import { RawBodyError } from "./raw-body-error.js";

/** The longest delay that timers take, in milliseconds; beyond it they fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Starts a timer that does not keep a process alive. It is due at once if `seconds` is no number. */
export function startTimer(seconds: number, due: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(due, Math.min(seconds * 1000, LONGEST));
  // Where timers are numbers, the runtime's life does not hang on them.
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** What a body that took too long is refused with. */
export function timedOut({ progress }: Collector, timeout: number): RawBodyError {
  return new RawBodyError(
    "BODY_TIMEOUT",
    `after ${timeout} s, ${progress} were received; raise timeout (a verifier's bodyTimeout) if senders are honestly slow`,
  );
}
