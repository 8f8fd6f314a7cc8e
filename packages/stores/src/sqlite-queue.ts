/** The store's writes, in the order they came: those that wait together share one transaction, one lock and one flush. */

import { isInTransaction, isLocked, type Sqlite, withoutWaiting } from "./sqlite-database.js";

/** Runs one step inside a transaction that holds the write lock. */
export type Enqueue = <Answer>(step: () => Answer, options?: { readonly refusal?: () => Answer | undefined }) => Promise<Answer>;

/** How a queue behaves. */
export interface QueueOptions {
  /** Milliseconds for which a step is tried again while the database is locked. */
  readonly timeout: number;
  /** Milliseconds between two tries, give or take half. */
  readonly pollInterval: number;
  /** Runs before each transaction, until it has passed once, and again after a failure. */
  readonly prepare: () => void;
}

interface Waiting {
  readonly step: () => unknown;
  /** Answers without the write lock, where reading is enough. */
  readonly refusal: () => unknown;
  readonly deadline: number;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** Steps of one transaction: the event loop goes on after so many. */
const MOST = 100;

/** Makes a queue over one handle. A step's own error is its own: the others of its transaction are run again without it. */
export function createQueue(sqlite: Sqlite, { timeout, pollInterval, prepare }: QueueOptions): Enqueue {
  const queue: Waiting[] = [];
  let running = false;
  let ready = false;

  /** Runs steps in one transaction; answers what they answered, or the error that undid them all. */
  const attempt = (steps: readonly Waiting[]): { readonly answers: unknown[] } | { readonly error: unknown } => {
    try {
      return withoutWaiting(sqlite, () => {
        if (!ready) prepare();
        ready = true;
        return { answers: inTransaction(sqlite, () => steps.map(({ step }) => step())) };
      });
    } catch (error) {
      return { error };
    }
  };

  /** Settles what can be settled; answers the steps that have to wait for a lock. */
  const settle = (steps: readonly Waiting[]): readonly Waiting[] => {
    const outcome = attempt(steps);
    if ("answers" in outcome) {
      steps.forEach(({ resolve }, i) => void resolve(outcome.answers[i]));
      return [];
    }
    const { error } = outcome;
    const own = isInTransaction(error);
    if (own || isLocked(error)) return steps.filter((waiting) => !isOver(waiting, error, own));
    ready = false; // somebody may have dropped the table
    if (steps.length > 1) return steps.flatMap((waiting) => settle([waiting]));
    for (const { reject } of steps) reject(error);
    return [];
  };

  /** Gives up where the time is over, and answers by reading where that is enough: not before the table is there, nor in the application's transaction. */
  const isOver = ({ refusal, deadline, resolve, reject }: Waiting, cause: unknown, own: boolean): boolean => {
    try {
      const refused = own || !ready ? undefined : refusal();
      if (refused !== undefined) {
        resolve(refused);
        return true;
      }
    } catch (error) {
      if (!isLocked(error)) {
        reject(error);
        return true;
      }
    }
    if (performance.now() < deadline) return false;
    const what = own ? "A transaction stayed open on the store's handle" : "SQLite stayed locked";
    reject(new Error(`${what} for ${timeout / 1000} s.`, { cause }));
    return true;
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const locked = settle(queue.splice(0, MOST));
      queue.unshift(...locked);
      const pause = locked.length > 0 ? pollInterval * (0.5 + Math.random()) : 0;
      if (queue.length > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    running = false;
  };

  return (step, { refusal = () => undefined } = {}) =>
    new Promise((resolve, reject) => {
      queue.push({ step, refusal, deadline: performance.now() + timeout, resolve: resolve as Waiting["resolve"], reject });
      if (running) return;
      running = true;
      // What the same turn of the event loop brings comes along.
      setImmediate(run);
    });
}

/** Takes the write lock before reading: a transaction that reads first can find itself unable to write. */
export function inTransaction<Answer>(sqlite: Sqlite, step: () => Answer): Answer {
  sqlite.run("BEGIN IMMEDIATE");
  let answer: Answer;
  try {
    answer = step();
    sqlite.run("COMMIT");
  } catch (error) {
    try {
      sqlite.run("ROLLBACK");
    } catch {
      // Some failures have rolled back already; the first error is the one to tell.
    }
    throw error;
  }
  return answer;
}
