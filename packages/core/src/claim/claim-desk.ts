import { randomText } from "#crypto";
import { createTimers } from "#timers";
import { type Awaitable, andThen } from "../awaitable.js";
import { Refusal } from "../errors.js";
import { type EventFacts, VerifiedEvent } from "../event.js";
import type { NoticeCode } from "../observe.js";
import type { Settled } from "../options.js";
import { seen } from "../seen.js";
import { createAskedStore, toStoreRefusal } from "./ask-store.js";
import { type ClaimKeeper, HeldClaim, leaseUntil, type Settlement, timeLeft } from "./held-claim.js";
import { createLateCommits } from "./late-commits.js";
import { type ClaimFacts, type ClaimPlan, createClaimPlanner } from "./plan-claim.js";
import type { Claim, ClaimAnswer, Keep } from "./store.js";

/** A delivery that may be handled now, or a duplicate of one that was. */
export type Claimed =
  | { readonly outcome: "held"; readonly event: VerifiedEvent; readonly held: HeldClaim }
  | { readonly outcome: "duplicate"; readonly kind: "exact" | "redelivery" }
  | { readonly outcome: "busy"; readonly kind: "running" | "replayed"; readonly refusal: Refusal };

/** What a claim is made with, besides the delivery's facts. */
export interface ClaimRequest {
  readonly facts: ClaimFacts;
  readonly event: EventFacts;
  readonly successStatus: number;
  /** Epoch milliseconds by which the platform ends us. */
  readonly deadline: number | undefined;
  /** How far the judged timestamp's window reaches, in milliseconds; 0 where none is judged. */
  readonly replayWindow: number;
  settled(settlement: Settlement): void;
}

/** Step 12, and the claims under way. */
export interface ClaimDesk {
  /** @throws Refusal where the store cannot answer, at once or by rejection */
  claim(request: ClaimRequest): Awaitable<Claimed>;
  /** Fulfils when no claim is being made, no handler is under way, and what was not committed yet has been tried for a last time. */
  drained(): Promise<void>;
}

/** Left of a platform's time when the handler's is over, to settle the claim, send the reply and write the log. */
const HANDLER_MARGIN = 500;

/** Makes the desk of one receiver. `say` tells what happens after a reply has left. */
export function createClaimDesk(
  settled: Settled,
  say: (code: NoticeCode, detail: string, cause: unknown, id: string | undefined) => void,
): ClaimDesk {
  const { store, endpoint, lease, retention, repeatRetention } = settled;
  const plan = createClaimPlanner(endpoint, settled.repeats);
  const asked = createAskedStore(store, createTimers(settled.storeTimeout));
  const waiting: (() => void)[] = [];
  /** Claims being made, and handlers under way. */
  let underWay = 0;
  let fence: string | undefined;
  let claims = 0;

  const leave = (): void => {
    underWay--;
    if (underWay === 0) for (const resume of waiting.splice(0)) resume();
  };

  const keeper: ClaimKeeper = {
    store: asked,
    renewEvery: lease / 3,
    renewalTimers: createTimers(lease / 3),
    lateCommits: createLateCommits(settled.horizon),
    say: (code, detail, cause, id) => say(code as NoticeCode, detail, cause, id),
    leave,
  };

  const hold = (
    claim: Claim | undefined,
    keep: Keep,
    repeats: false | "running" | "done",
    request: ClaimRequest,
    since: number,
  ): Claimed => {
    const { deadline } = request;
    const left = deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, deadline - Date.now() - HANDLER_MARGIN);
    const held = new HeldClaim(keeper, {
      claim,
      keep,
      id: request.event.id,
      since,
      deadline,
      handlerTimeout: Math.min(settled.handlerTimeout, left),
      successStatus: request.successStatus,
      settled: request.settled,
    });
    underWay++;
    const event = new VerifiedEvent(request.event, repeats, held, claim === undefined ? undefined : { claim, keep });
    return { outcome: "held", event, held };
  };

  const make = (request: ClaimRequest): Awaitable<Claimed> => {
    const planned = plan(request.facts);
    return planned instanceof Promise ? planned.then((made) => take(made, request)) : take(planned, request);
  };

  const take = (planned: ClaimPlan | undefined, request: ClaimRequest): Awaitable<Claimed> => {
    if (planned === undefined) return hold(undefined, { key: 0, mark: 0 }, false, request, performance.now());
    // drawn late: some platforms deny randomness at start
    fence ??= randomText();
    const { key, mark, partition, tag } = planned;
    const claim: Claim = { token: `${fence}.${++claims}`, key, mark, partition, tag, lease: leaseUntil(request.deadline, lease) };
    const since = performance.now();
    let answer: Awaitable<ClaimAnswer>;
    try {
      answer = asked.claim(claim, timeLeft(request.deadline));
    } catch (error) {
      throw toStoreRefusal(error);
    }
    if (!(answer instanceof Promise)) return conclude(answer, claim, planned, request, since);
    return answer.then(
      (made) => conclude(made, claim, planned, request, since),
      (error) => {
        throw toStoreRefusal(error);
      },
    );
  };

  const conclude = (answer: ClaimAnswer, claim: Claim, planned: ClaimPlan, request: ClaimRequest, since: number): Awaitable<Claimed> => {
    checkAnswer(answer);
    if (answer.outcome === "busy") {
      const retryAfter = Math.max(1, Math.floor(answer.remaining / 1000));
      return {
        outcome: "busy",
        kind: "running",
        refusal: new Refusal("CLAIM_BUSY", "its first delivery is still being handled", { retryAfter }),
      };
    }
    if (answer.outcome === "duplicate") return { outcome: "duplicate", kind: answer.tag === claim.tag ? "exact" : "redelivery" };
    // an answer that took longer than the lease is no lease: it is left to run out, or to whoever has it by now
    if (performance.now() - since >= claim.lease) throw toStoreRefusal(new Error("the claim was answered after its lease"));
    const repeat = answer.repeats !== false;
    if (repeat && planned.onMark === "refuse") return andThen(asked.release(claim, timeLeft(request.deadline)), replayed);
    const keep: Keep = { key: repeat ? repeatRetention : retention, mark: retention, protect: request.replayWindow, repeat };
    return hold(claim, keep, answer.repeats, request, since);
  };

  return {
    claim(request) {
      underWay++;
      let claimed: Awaitable<Claimed>;
      try {
        claimed = make(request);
      } catch (error) {
        leave();
        throw error;
      }
      if (claimed instanceof Promise) return claimed.finally(leave);
      leave();
      return claimed;
    },
    async drained() {
      if (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
      await keeper.lateCommits.finish();
    },
  };
}

function replayed(): Claimed {
  const detail = "signed content that is good for one run came again; an honest retry is signed anew and will pass";
  return { outcome: "busy", kind: "replayed", refusal: new Refusal("REPLAYED", detail, { retryAfter: 60 }) };
}

/** @throws Refusal where a store of the user's answers what no store may: what is unknown claims nothing */
function checkAnswer(answer: ClaimAnswer): void {
  const { outcome, repeats, remaining, tag } = (answer ?? {}) as Partial<Record<string, unknown>>;
  if (outcome === "claimed" && (repeats === false || repeats === "running" || repeats === "done")) return;
  if (outcome === "busy" && Number.isFinite(remaining)) return;
  if (outcome === "duplicate" && typeof tag === "string") return;
  throw new Refusal("MISCONFIGURED", `the store's claim answered what no store may: outcome ${seen(outcome)}`);
}
