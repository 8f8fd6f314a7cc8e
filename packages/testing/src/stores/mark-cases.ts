/** What happens to a mark apart from its key, and to the time of both. */

import type { Claim } from "@countersign/core";
import { eventually, expectBusy, expectSame, expectTrue, fresh, KEEP, LONG, lapse, makeClaim, meets, rival, SHORT } from "./case-tools.js";
import type { StoreCase, StoreSession } from "./store-case.js";

export const markCases: readonly StoreCase[] = [
  {
    name: "a claim sent again lengthens the lease of key and mark",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim({ ...claim, lease: SHORT });
      await store.claim(claim);
      await lapse(session);
      await expectBusy(other, claim, "a key claimed again");
      expectSame(await meets(other, claim.mark!), "running", "a mark claimed again");
    },
  },
  {
    name: "renewal never creates a mark",
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim({ ...claim, mark: undefined });
      expectSame(await store.renew(claim), "ok", "the renewal");
      expectSame(await meets(other, claim.mark!), false, "a mark that nobody claimed");
    },
  },
  {
    name: "renewal does not bring back one's own mark whose lease has ended",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim({ ...claim, lease: SHORT });
      await store.claim({ ...claim, mark: undefined });
      await lapse(session);
      expectSame(await store.renew(claim), "ok", "the renewal of the key");
      expectSame(await meets(other, claim.mark!), false, "the mark after its lease");
    },
  },
  {
    name: "renewal sets the time that remains, and does not add to it",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim(claim);
      expectSame(await store.renew(claim), "ok", "a renewal");
      expectTrue((await expectBusy(other, claim, "a renewed key")) <= LONG, "the renewal added to the lease");
      expectSame(await store.renew({ ...claim, lease: SHORT }), "ok", "a shorter renewal");
      await eventually(session, "the mark's shorter lease ends", async () => (await meets(other, claim.mark!)) === false);
      await eventually(session, "the key's shorter lease ends", async () => (await other.claim(rival(claim))).outcome === "claimed");
    },
  },
  {
    name: "a renewal that is lost does not lengthen the mark's lease",
    async run(session) {
      const [store, other] = session.stores;
      const claim = await withMarkOnly(session.stores, SHORT);
      expectSame(await store.renew({ ...claim, lease: LONG }), "lost", "the renewal of a taken key");
      await lapse(session);
      expectSame(await meets(other, claim.mark!), false, "the mark after its lease");
    },
  },
  {
    name: "release gives back one's own mark though another has taken the key",
    async run({ stores }) {
      const [store, other] = stores;
      const claim = await withMarkOnly(stores, LONG);
      await store.release(claim);
      expectSame(await meets(other, claim.mark!), false, "one's own mark");
      await expectBusy(store, claim, "the other's key");
    },
  },
  {
    name: "commit leaves a done mark: its tag and its time stay",
    async run(session) {
      const [store, other] = session.stores;
      const [first, brief] = [makeClaim({ mark: fresh("mark") }), makeClaim({ mark: fresh("mark") })];
      await store.commit(first, KEEP);
      await other.commit(makeClaim({ mark: first.mark }), KEEP);
      // Only a store that keeps keys and marks in one place shows a mark's tag.
      const shown = await store.claim(makeClaim({ key: first.mark! }));
      if (shown.outcome !== "claimed") expectSame(shown, { outcome: "duplicate", tag: first.tag }, "the mark");
      await store.commit(brief, { key: LONG, mark: 8 * SHORT });
      await other.commit(makeClaim({ mark: brief.mark }), KEEP);
      await eventually(session, "the first commit's time ends", async () => (await meets(other, brief.mark!)) === false);
    },
  },
];

/** A claim whose mark is its own, for so many milliseconds, and whose key is another's. */
async function withMarkOnly([store, other]: StoreSession["stores"], lease: number): Promise<Claim> {
  const claim = makeClaim({ mark: fresh("mark") });
  await store.claim({ ...claim, key: fresh("key"), lease });
  await other.claim(rival(claim, { mark: undefined }));
  return claim;
}
