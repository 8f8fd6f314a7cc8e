/** Timers of one length. `#timers` resolves to one shared timer where the process is ours, and to one each elsewhere. */
export interface Timers {
  /** Calls back once, after the length that was given to `createTimers`, unless cancelled. Never keeps a process alive. */
  start(expire: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
