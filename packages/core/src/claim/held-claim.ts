import type { Awaitable } from "../awaitable.js";
import { CODES, type ErrorCode } from "../errors.js";
import { type Reply, toProblem } from "../reply.js";
import type { ClaimHandle } from "../verdict.js";
import type { AskedStore } from "./ask-store.js";
import type { LateCommits } from "./late-commits.js";
import type { Claim, Keep } from "./store.js";
import { type Timer, type Timers, unref } from "./timers.js";

/** What every claim of one receiver shares. */
export interface ClaimKeeper {
  readonly store: AskedStore;
  /** Milliseconds between renewals: a third of the lease. */
  readonly renewEvery: number;
  /** Timers of that length. */
  readonly renewalTimers: Timers;
  /** Takes the commits that fail at first. */
  readonly lateCommits: LateCommits;
  /** Says what happens after the reply: a lease lost, a handler that does not end, a commit that fails for good. */
  say(code: ErrorCode, detail: string, cause: unknown, id: string | undefined): void;
  /** Called once for each claim: no handler works on it any more. */
  leave(): void;
}

/** How a claim ended, for the record. */
export interface Settlement {
  readonly status: number | undefined;
  readonly code: ErrorCode | undefined;
  readonly cause: unknown;
}

/** What one claim starts with. `claim` is `undefined` where the delivery is not deduplicated. */
export interface ClaimStart {
  readonly claim: Claim | undefined;
  readonly keep: Keep;
  /** The event's, for what is said of it. */
  readonly id: string | undefined;
  /** When the claim was asked for, on the clock of `performance`: its lease began no earlier. */
  readonly since: number;
  /** Epoch milliseconds by which the platform ends us. No lease lasts much longer. */
  readonly deadline: number | undefined;
  /** Milliseconds. */
  readonly handlerTimeout: number;
  readonly successStatus: number;
  /** Called once: when the claim is settled, or when the handler's time is over. */
  settled(settlement: Settlement): void;
}

/** Left of a platform's time to send the reply. */
const REPLY_MARGIN = 200;
const DONE = Promise.resolve();

/** How much longer than the platform's time a lease may last. */
const LEASE_MARGIN = 1000;

/** A lease in milliseconds, cut where the platform ends us before its end. */
export function leaseUntil(deadline: number | undefined, lease: number): number {
  return deadline === undefined ? lease : Math.min(lease, Math.max(0, deadline - Date.now()) + LEASE_MARGIN);
}

/** Milliseconds until a reply must be on its way; `undefined` where no platform ends us. */
export function timeLeft(deadline: number | undefined): number | undefined {
  return deadline === undefined ? undefined : deadline - Date.now() - REPLY_MARGIN;
}

/** The lease on one event: renewed while the handler runs, and settled once. */
export class HeldClaim implements ClaimHandle {
  readonly #keeper: ClaimKeeper;
  readonly #start: ClaimStart;
  #leaseEnd: number;
  /** Committed or released. */
  #isSettled = false;
  /** The handler has ended, or has had its time. */
  #isReported = false;
  #hasLeft = false;
  #isEntrusted = false;
  #renews = true;
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;
  #commitError: unknown;
  #renewal: Timer | undefined;
  #limit: ReturnType<typeof setTimeout> | undefined;
  /** Called when the handler's time is over. */
  onTimeout: (() => void) | undefined;

  constructor(keeper: ClaimKeeper, start: ClaimStart) {
    this.#keeper = keeper;
    this.#start = start;
    this.#leaseEnd = start.since + (start.claim?.lease ?? Number.POSITIVE_INFINITY);
    this.#watch();
  }

  get token(): string {
    return this.#start.claim?.token ?? "";
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  /** The claim may be committed by now, inside a transaction of the user's. */
  entrust(): void {
    this.#isEntrusted = true;
  }

  commit(): Promise<void> {
    return this.#commit(this.#start.successStatus);
  }

  release(): Promise<void> {
    return this.#release({ status: undefined, code: "HANDLER_FAILED", cause: undefined });
  }

  conclude(status: number): Promise<void> {
    if (status >= 200 && status < 300) return this.#commit(status);
    return this.#release({ status, code: "HANDLER_FAILED", cause: undefined });
  }

  async fail(code: "HANDLER_FAILED" | "NOBODY_REPLIED", cause?: unknown): Promise<Reply> {
    await this.#release({ status: CODES[code].status, code, cause });
    return toProblem(code);
  }

  #commit(status: number): Promise<void> {
    if (this.#isSettled) return DONE;
    this.#isSettled = true;
    this.#report({ status, code: undefined, cause: undefined });
    const committed = this.#tryCommit(timeLeft(this.#start.deadline));
    if (committed instanceof Promise) return committed.then((done) => this.#afterCommit(done));
    this.#afterCommit(committed);
    return DONE;
  }

  #afterCommit(isCommitted: boolean): void {
    if (isCommitted) this.#stopRenewal();
    else this.#commitLater();
    this.#leave();
  }

  /** Whether the store has the success, or another has it for good. */
  #tryCommit(within: number | undefined): Awaitable<boolean> {
    const { claim, keep } = this.#start;
    if (claim === undefined) return true;
    const failed = (error: unknown): boolean => {
      this.#commitError = error;
      return false;
    };
    try {
      const answer = this.#keeper.store.commit(claim, keep, within);
      return answer instanceof Promise ? answer.then((said) => this.#isOk(said), failed) : this.#isOk(answer);
    } catch (error) {
      return failed(error);
    }
  }

  /** What no store may answer is no success, and is said when the commit is given up. */
  #isOk(said: "ok" | "held"): boolean {
    if (said !== "ok" && said !== "held") this.#commitError = new Error("the store's commit answered neither ok nor held");
    return said === "ok";
  }

  /** The handler's reply stands: the commit is tried again, and the lease renewed meanwhile. No reply waits for it any more. */
  #commitLater(): void {
    this.#keeper.lateCommits.add({
      attempt: () => this.#tryCommit(undefined),
      committed: () => this.#stopRenewal(),
      givenUp: (why) => {
        this.#stopRenewal();
        const detail = `the handler succeeded, but the store did not take its commit, which was tried ${why}; a retry will run it again`;
        this.#say("COMMIT_FAILED", detail, this.#commitError);
      },
    });
  }

  #say(code: ErrorCode, detail: string, cause?: unknown): void {
    this.#keeper.say(code, detail, cause, this.#start.id);
  }

  async #release(settlement: Settlement): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#stopRenewal();
    this.#report(settlement);
    const { claim, deadline } = this.#start;
    if (claim !== undefined) await this.#keeper.store.release(claim, timeLeft(deadline));
    this.#leave();
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#keeper.leave();
  }

  /** A renewal under way is the last. */
  #stopRenewal(): void {
    this.#renews = false;
    this.#renewal?.cancel();
  }

  #report(settlement: Settlement): void {
    if (this.#isReported) return;
    this.#isReported = true;
    clearTimeout(this.#limit);
    this.#start.settled(settlement);
  }

  /** Waits for the next renewal, or for the end of the handler's time if that is nearer. */
  #watch(): void {
    const { claim } = this.#start;
    // a timer of its own, where nothing is renewed: cheaper than a shared one that is cancelled
    if (!this.#isReported && (claim === undefined || this.#left() <= this.#keeper.renewEvery)) this.#limitHandler();
    if (claim !== undefined) this.#renewal = this.#keeper.renewalTimers.start(() => void this.#renew(claim));
  }

  /** Milliseconds of the handler's time. */
  #left(): number {
    return this.#start.handlerTimeout - (performance.now() - this.#start.since);
  }

  #limitHandler(): void {
    clearTimeout(this.#limit);
    this.#limit = unref(setTimeout(() => this.#expire(), Math.max(0, this.#left())));
  }

  async #renew(claim: Claim): Promise<void> {
    if (!this.#isReported && this.#left() <= 0) return this.#expire();
    const asked = performance.now();
    const { deadline } = this.#start;
    const due = deadline === undefined ? claim : { ...claim, lease: leaseUntil(deadline, claim.lease) };
    try {
      const answer = await this.#keeper.store.renew(due);
      if (answer === "lost" && this.#isEntrusted) {
        if (!this.#isReported) this.#limitHandler();
        return;
      }
      if (answer === "lost") return this.#lose("another delivery may have taken the event over");
      this.#leaseEnd = asked + due.lease;
    } catch (error) {
      if (performance.now() >= this.#leaseEnd) return this.#lose("the store could not be reached for the whole lease", error);
    }
    if (this.#renews) this.#watch();
  }

  #lose(detail: string, cause?: unknown): void {
    if (this.#isReported) return;
    this.#say("LEASE_LOST", detail, cause);
    this.#abortWith(new Error(`LEASE_LOST: ${detail}`));
    this.#limitHandler();
  }

  /** The handler's time is over: the lease runs out, and the next delivery takes over. */
  #expire(): void {
    const detail = `the handler did not end within ${Math.round(this.#start.handlerTimeout) / 1000} s; the next delivery takes over`;
    this.#stopRenewal();
    this.#say("HANDLER_TIMEOUT", detail);
    this.#report({ status: undefined, code: "HANDLER_TIMEOUT", cause: undefined });
    this.#leave();
    this.#abortWith(new Error(`HANDLER_TIMEOUT: ${detail}`));
    this.onTimeout?.();
  }

  #abortWith(reason: Error): void {
    this.#abortReason = reason;
    this.#abort?.abort(reason);
  }
}
