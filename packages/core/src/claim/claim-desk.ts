import { randomText } from "#crypto";
import { createTimers } from "#timers";
import { Refusal } from "../errors.js";
import { type EventFacts, VerifiedEvent } from "../event.js";
import type { NoticeCode } from "../observe.js";
import type { Settled } from "../options.js";
import { askStore, toStoreRefusal } from "./ask-store.js";
import { type ClaimKeeper, HeldClaim, type Settlement } from "./held-claim.js";
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
  /** @throws Refusal where the store cannot answer */
  claim(request: ClaimRequest): Promise<Claimed>;
  /** Fulfils when no claim is being made, and no handler is under way. */
  drained(): Promise<void>;
}

/** Left of a platform's time to send the reply and write the log. */
const DEADLINE_MARGIN = 500;
/** How much longer than the platform's time a lease lasts. */
const LEASE_MARGIN = 1000;

/** Makes the desk of one receiver. `say` tells what happens after a reply has left. */
export function createClaimDesk(settled: Settled, say: (code: NoticeCode, detail: string, cause?: unknown) => void): ClaimDesk {
  const { store, endpoint, lease, retention, repeatRetention } = settled;
  const plan = createClaimPlanner(endpoint, settled.repeats);
  const storeTimers = createTimers(settled.storeTimeout);
  const underWay = new Set<HeldClaim | ClaimRequest>();
  const waiting: (() => void)[] = [];
  let fence: string | undefined;
  let claims = 0;

  const leave = (one: HeldClaim | ClaimRequest): void => {
    underWay.delete(one);
    if (underWay.size === 0) for (const resume of waiting.splice(0)) resume();
  };

  const keeper: ClaimKeeper = {
    store,
    storeTimers,
    renewEvery: lease / 3,
    renewalTimers: createTimers(lease / 3),
    commitHorizon: settled.horizon,
    say: (code, detail, cause) => say(code as NoticeCode, detail, cause),
    leave,
  };

  const releaseLost = (claim: Claim): void => void askStore(store, storeTimers, () => store.release(claim)).catch(() => {});

  /** A claim whose answer was lost may have been made: it is released by its token, now and if the answer still comes. */
  const askInTime = async (claim: Claim): Promise<ClaimAnswer> => {
    let isLate = false;
    try {
      return await askStore(store, storeTimers, async () => {
        const answer = await store.claim(claim);
        if (isLate && answer.outcome === "claimed") releaseLost(claim);
        return answer;
      });
    } catch (error) {
      isLate = true;
      releaseLost(claim);
      throw error;
    }
  };
  const ask = async (claim: Claim): Promise<ClaimAnswer> => {
    try {
      return await (store.immediate === true ? store.claim(claim) : askInTime(claim));
    } catch (error) {
      throw toStoreRefusal(error);
    }
  };

  const hold = (claim: Claim | undefined, keep: Keep, repeats: false | "running" | "done", request: ClaimRequest): Claimed => {
    const left = request.deadline === undefined ? Number.POSITIVE_INFINITY : request.deadline - Date.now() - DEADLINE_MARGIN;
    const held = new HeldClaim(keeper, {
      claim,
      keep,
      handlerTimeout: Math.min(settled.handlerTimeout, Math.max(0, left)),
      successStatus: request.successStatus,
      settled: request.settled,
    });
    underWay.add(held);
    const event = new VerifiedEvent(request.event, repeats, held, claim === undefined ? undefined : { claim, keep });
    return { outcome: "held", event, held };
  };

  const make = async (request: ClaimRequest): Promise<Claimed> => {
    const found = plan(request.facts);
    const planned = found instanceof Promise ? await found : found;
    if (planned === undefined) return hold(undefined, { key: 0, mark: 0 }, false, request);
    // drawn late: some platforms deny randomness at start
    fence ??= randomText();
    const claim = toClaim(planned, `${fence}.${++claims}`, leaseOf(request.deadline, lease));
    const answer = await ask(claim);
    if (answer.outcome === "busy") {
      const retryAfter = Math.max(1, Math.floor(answer.remaining / 1000));
      return {
        outcome: "busy",
        kind: "running",
        refusal: new Refusal("CLAIM_BUSY", "its first delivery is still being handled", { retryAfter }),
      };
    }
    if (answer.outcome === "duplicate") return { outcome: "duplicate", kind: answer.tag === claim.tag ? "exact" : "redelivery" };
    if (answer.repeats !== false && planned.onMark === "refuse") {
      await askStore(store, storeTimers, () => store.release(claim)).catch(() => {});
      const detail = "signed content that is good for one run came again; an honest retry is signed anew and will pass";
      return { outcome: "busy", kind: "replayed", refusal: new Refusal("REPLAYED", detail, { retryAfter: 60 }) };
    }
    const repeat = answer.repeats !== false;
    const keep: Keep = { key: repeat ? repeatRetention : retention, mark: retention, protect: request.replayWindow, repeat };
    return hold(claim, keep, answer.repeats, request);
  };

  return {
    async claim(request) {
      underWay.add(request);
      try {
        return await make(request);
      } finally {
        leave(request);
      }
    },
    drained: () => (underWay.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function toClaim({ key, mark, partition, tag }: ClaimPlan, token: string, lease: number): Claim {
  return { token, key, mark, partition, tag, lease };
}

/** Where the platform ends us at a known time, the lease ends just after it, and needs no renewal. */
function leaseOf(deadline: number | undefined, lease: number): number {
  return deadline === undefined ? lease : Math.max(LEASE_MARGIN, deadline - Date.now() + LEASE_MARGIN);
}
