/** Timers of one length. `#timers` resolves to one shared timer where the process is ours, and to one each elsewhere. */
export interface Timers {
  /** Calls back once, after the length that was given to `createTimers`, unless cancelled. Never keeps a process alive. */
  start(expire: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** Keeps what `setTimeout` answers from keeping a process alive, where it would. */
export function unref<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
