import type { Timer, Timers } from "./timers.js";

class Entry implements Timer {
  readonly at: number;
  expire: (() => void) | undefined;
  constructor(at: number, expire: () => void) {
    this.at = at;
    this.expire = expire;
  }
  cancel(): void {
    this.expire = undefined;
  }
}

/** One timer for all that wait equally long: they end in the order in which they began. */
export function createTimers(milliseconds: number): Timers {
  let waiting: Entry[] = [];
  let first = 0;
  let armed = false;

  const arm = (delay: number): void => {
    armed = true;
    setTimeout(fire, Math.max(1, delay)).unref();
  };
  const fire = (): void => {
    armed = false;
    const now = performance.now();
    for (; first < waiting.length; first++) {
      const entry = waiting[first] as Entry;
      if (entry.expire !== undefined && entry.at > now) break;
      entry.expire?.();
    }
    waiting = waiting.slice(first);
    first = 0;
    const [next] = waiting;
    if (next !== undefined && !armed) arm(next.at - now);
  };
  return {
    start(expire): Timer {
      const entry = new Entry(performance.now() + milliseconds, expire);
      waiting.push(entry);
      if (!armed) arm(milliseconds);
      return entry;
    },
  };
}
