import type { Timer, Timers } from "./timers.js";

/** A timer that waits, between the one before it and the one after it. */
class Entry implements Timer {
  readonly at: number;
  readonly expire: () => void;
  before: Entry | undefined;
  after: Entry | undefined;
  readonly #queue: Queue;
  constructor(queue: Queue, at: number, expire: () => void) {
    this.#queue = queue;
    this.at = at;
    this.expire = expire;
  }
  cancel(): void {
    this.#queue.remove(this);
  }
}

/** Who waits, in the order in which they began, which is the order in which they end. Whoever is cancelled leaves at once. */
class Queue {
  first: Entry | undefined;
  #last: Entry | undefined;
  add(entry: Entry): void {
    entry.before = this.#last;
    if (this.#last === undefined) this.first = entry;
    else this.#last.after = entry;
    this.#last = entry;
  }
  remove(entry: Entry): void {
    const { before, after } = entry;
    if (before === undefined && this.first !== entry) return;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = undefined;
    entry.after = undefined;
  }
}

/** One timer for all that wait equally long. */
export function createTimers(milliseconds: number): Timers {
  const queue = new Queue();
  let isArmed = false;

  const arm = (delay: number): void => {
    isArmed = true;
    setTimeout(fire, Math.max(1, delay)).unref();
  };
  const fire = (): void => {
    isArmed = false;
    const now = performance.now();
    for (let entry = queue.first; entry !== undefined && entry.at <= now; entry = queue.first) {
      queue.remove(entry);
      entry.expire();
    }
    if (queue.first !== undefined && !isArmed) arm(queue.first.at - now);
  };
  return {
    start(expire): Timer {
      const entry = new Entry(queue, performance.now() + milliseconds, expire);
      queue.add(entry);
      if (!isArmed) arm(milliseconds);
      return entry;
    },
  };
}
