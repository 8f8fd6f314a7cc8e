import type { StageWords, Trait } from "./harness.js";
import type { Session } from "./session.js";

/** One thing that every adapter does. `run` rejects if this one does not. */
export interface ConformanceCase {
  readonly name: string;
  /** A harness without these traits skips the case. */
  readonly needs?: readonly Trait[];
  readonly stage: StageWords;
  run(session: Session): Promise<void>;
}
