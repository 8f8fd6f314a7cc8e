/** What a claim answers, for its key and for its mark. */

import { expectBusy, expectFree, expectSame, expectTrue, fresh, KEEP, LONG, lapse, makeClaim, meets, rival, SHORT } from "./case-tools.js";
import type { StoreCase } from "./store-case.js";

export const claimCases: readonly StoreCase[] = [
  {
    name: "leases a free key and tells the next caller how long it is held",
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ lease: LONG });
      expectSame(await store.claim(claim), { outcome: "claimed", repeats: false }, "a free key");
      const remaining = await expectBusy(other, claim, "a leased key");
      expectTrue(remaining <= LONG && remaining > LONG / 2, `a lease of ${LONG} ms has ${remaining} ms left`);
    },
  },
  {
    name: "gives a claim whose answer was lost again to its token, with a new lease",
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ lease: LONG, mark: fresh("mark") });
      await store.claim(claim);
      expectSame(await other.claim({ ...claim, lease: 2 * LONG }), { outcome: "claimed", repeats: false }, "a resend");
      expectTrue((await expectBusy(store, claim, "after the resend")) > LONG, "the resend did not lengthen the lease");
      await store.release(claim);
      await expectFree(store, claim, "a released resend");
      expectSame(await meets(store, claim.mark!), false, "the mark of a released resend");
    },
  },
  {
    name: "answers a duplicate of a done key with what was kept of it, to its own token too",
    async run({ stores: [store, other] }) {
      const claim = makeClaim();
      await store.claim(claim);
      await store.commit(claim, KEEP);
      expectSame(await other.claim(rival(claim)), { outcome: "duplicate", tag: claim.tag }, "another caller");
      expectSame(await store.claim(claim), { outcome: "duplicate", tag: claim.tag }, "the same token");
    },
  },
  {
    name: "keeps any text as a tag, and names up to their full length",
    async run({ stores: [store, other] }) {
      for (const tag of ["", "a:b:c", 'it\'s "so" \\ {x} $1 %s\n\t;--', "é".repeat(128), "日本語\u{1f512}", "x".repeat(128)]) {
        const claim = makeClaim({ tag, key: fresh("_-K9").padEnd(64, "z"), token: fresh("t").padEnd(128, "~") });
        await store.claim(claim);
        await store.commit(claim, KEEP);
        expectSame(await other.claim(rival(claim)), { outcome: "duplicate", tag }, "a kept tag");
      }
    },
  },
  {
    name: "treats a lapsed lease as absent: the next caller takes it",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ lease: SHORT, mark: fresh("mark") });
      await store.claim(claim);
      await lapse(session);
      const next = rival(claim, { lease: LONG });
      expectSame(await other.claim(next), { outcome: "claimed", repeats: false }, "a lapsed key and mark");
      expectSame(await store.renew(claim), "lost", "renewal by the former holder");
      expectSame(await store.commit(claim, KEEP), "held", "commit by the former holder");
      await store.release(claim);
      await expectBusy(other, claim, "after the former holder's release");
      expectSame(await other.renew(next), "ok", "renewal by the new holder");
    },
  },
  {
    name: "takes the mark with the key, and tells who meets it whether that run goes on or is done",
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim(claim);
      expectSame(await meets(other, claim.mark!), "running", "a leased mark");
      expectSame(await other.claim(makeClaim({ mark: claim.mark })), { outcome: "claimed", repeats: "running" }, "a second key");
      await store.commit(claim, KEEP);
      expectSame(await meets(other, claim.mark!), "done", "a done mark");
    },
  },
  {
    name: "leaves the mark alone where the key is refused",
    async run({ stores: [store, other] }) {
      const [mark, unmarked] = [fresh("mark"), makeClaim()];
      await store.claim(unmarked);
      await other.claim(rival(unmarked, { mark }));
      expectSame(await meets(store, mark), false, "the mark of a busy claim");
      await store.commit(unmarked, KEEP);
      await other.claim(rival(unmarked, { mark }));
      expectSame(await meets(store, mark), false, "the mark of a duplicate");
    },
  },
  {
    name: "takes a lapsed mark",
    async run(session) {
      const [store, other] = session.stores;
      const mark = fresh("mark");
      await store.claim(makeClaim({ lease: SHORT, mark }));
      await lapse(session);
      expectSame(await other.claim(makeClaim({ mark })), { outcome: "claimed", repeats: false }, "a lapsed mark");
      expectSame(await meets(store, mark), "running", "the mark after it");
    },
  },
];
