/** Servers that are down, slow or frozen, and answers that never arrive. Never a wrong answer, and afterwards all is as before. */

import type { Claim, Store } from "@countersign/core";
import { eventually, expectBusy, expectDone, expectSame, expectTrue, KEEP, makeClaim, rival, SHORT, within } from "./case-tools.js";
import type { StoreCase, StoreSession } from "./store-case.js";

export const faultCases: readonly StoreCase[] = [
  {
    name: "gives no answer while the server cannot be reached, and works again afterwards by itself",
    needs: ["faults"],
    async run(session) {
      const [store] = session.stores;
      const claim = makeClaim();
      session.faults!.sever();
      try {
        expectUnanswered(await within(400, store.claim(claim)), "an unreachable server");
      } finally {
        session.faults!.mend();
      }
      await recovers(session, store, claim);
    },
  },
  {
    name: "gives no answer while the server is frozen, and works again afterwards by itself",
    needs: ["freeze"],
    async run(session) {
      const [store] = session.stores;
      const claim = makeClaim();
      session.freeze!.pause();
      try {
        expectUnanswered(await within(400, store.claim(claim)), "a frozen server");
      } finally {
        session.freeze!.resume();
      }
      await recovers(session, store, claim);
    },
  },
  {
    name: "waits for a slow server and lets the claim be released that nobody waited for",
    needs: ["faults"],
    async run(session) {
      const [store] = session.stores;
      const claim = makeClaim();
      session.faults!.slowReplies(300);
      const answer = store.claim(claim);
      expectUnanswered(await within(100, answer), "a slow server");
      session.faults!.slowReplies(0);
      await within(2000, answer);
      await recovers(session, store, claim);
    },
  },
  {
    name: "leaves a claim whose answer was cut off to its token: sent again it is claimed, released it is free",
    needs: ["faults"],
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim();
      await warmUp(store);
      session.faults!.cutNextReply();
      const cut = await within(3000, store.claim(claim));
      if (typeof cut === "object")
        expectSame(cut, { outcome: "claimed", repeats: false }, "what a client answered that tried again by itself");
      await expectBusy(other, claim, "for another caller");
      expectSame(await other.claim(claim), { outcome: "claimed", repeats: false }, "the same claim sent again");
      await recovers(session, store, claim);
    },
  },
  {
    name: "lets a commit whose answer was cut off be sent again",
    needs: ["faults"],
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim();
      await warmUp(store);
      await store.claim(claim);
      session.faults!.cutNextReply();
      const cut = await within(3000, store.commit(claim, KEEP));
      expectTrue(cut !== "held", "the holder's commit is held");
      await eventually(session, "a commit sent again is ok", async () => (await within(1000, store.commit(claim, KEEP))) === "ok");
      await expectDone(other, claim, claim.tag, "for another caller");
    },
  },
];

function expectUnanswered(answer: unknown, what: string): void {
  expectTrue(answer === "pending" || answer === "rejected", `${what}: got ${JSON.stringify(answer)}`);
}

/** Lets a client make its connection and prepare what it prepares: those are not the replies to cut. */
async function warmUp(store: Store): Promise<void> {
  const claim = makeClaim();
  await store.claim(claim);
  await store.commit(claim, KEEP);
}

/**
 * The claim that nobody got an answer to is released, and the next caller gets the key. Over several connections the release may
 * overtake the claim, which then stands until its lease ends: so it is released again.
 */
async function recovers(session: StoreSession, store: Store, claim: Claim): Promise<void> {
  await eventually(session, "a release is answered", async () => (await within(1000, store.release(claim))) === undefined);
  await eventually(session, "the next caller gets the key", async () => {
    // A try whose answer came too late must not stand in the way of the next.
    const answer = await within(1000, store.claim(rival(claim, { lease: SHORT })));
    if (typeof answer === "object" && answer.outcome === "claimed") return true;
    await within(1000, store.release(claim));
    return false;
  });
}
