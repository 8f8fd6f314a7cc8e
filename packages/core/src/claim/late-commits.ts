import type { Awaitable } from "../awaitable.js";
import { unref } from "./timers.js";

/** A success that the store did not take when it was told. */
export interface LateCommit {
  /** Tells the store once more. Never rejects. */
  attempt(): Awaitable<boolean>;
  /** Called once: the store has it. */
  committed(): void;
  /** Called once: nobody tries it any more. */
  givenUp(why: string): void;
}

/** The late commits of one receiver. */
export interface LateCommits {
  /** Tries it again, less and less often, until the provider would have given up. */
  add(commit: LateCommit): void;
  /** Tries each for a last time, and whatever comes later once. Fulfils when all are committed or given up. */
  finish(): Promise<void>;
}

const FIRST_RETRY = 250;
const LAST_RETRY = 60_000;

interface Entry {
  readonly commit: LateCommit;
  /** When the provider would have given up, on the clock of `performance`. */
  readonly until: number;
  delay: number;
  timer: unknown;
  /** Fulfils with whether the store had it at the latest try. */
  tried: Promise<boolean>;
}

/** Makes the list. `horizon` is in milliseconds: for so long the provider sends again. */
export function createLateCommits(horizon: number): LateCommits {
  const entries = new Set<Entry>();
  let isOver = false;

  const attempt = async (entry: Entry): Promise<boolean> => {
    const isCommitted = await entry.commit.attempt();
    if (isCommitted) {
      entries.delete(entry);
      entry.commit.committed();
    }
    return isCommitted;
  };

  const giveUp = (entry: Entry, why: string): void => {
    entries.delete(entry);
    entry.commit.givenUp(why);
  };

  const wait = (entry: Entry): void => {
    if (performance.now() + entry.delay > entry.until) giveUp(entry, "through the provider's whole retry horizon");
    else entry.timer = unref(setTimeout(() => void tryAgain(entry), entry.delay));
  };

  const tryAgain = async (entry: Entry): Promise<void> => {
    entry.delay = Math.min(entry.delay * 2, LAST_RETRY);
    entry.tried = attempt(entry);
    if (!(await entry.tried) && !isOver) wait(entry);
  };

  const tryLast = async (entry: Entry): Promise<void> => {
    clearTimeout(entry.timer as number);
    // one that is under way began before, and may have met what is over by now
    if (!(await entry.tried) && !(await attempt(entry))) giveUp(entry, "until close() ended the tries");
  };

  return {
    add(commit) {
      const entry: Entry = {
        commit,
        until: performance.now() + horizon,
        delay: FIRST_RETRY,
        timer: undefined,
        tried: Promise.resolve(false),
      };
      entries.add(entry);
      if (isOver) void tryLast(entry);
      else wait(entry);
    },
    async finish() {
      isOver = true;
      await Promise.all(Array.from(entries, tryLast));
    },
  };
}
