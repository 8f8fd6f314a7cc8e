/** Renewal and release: only what is still one's own, and nothing out of nothing. */

import {
  expectBusy,
  expectDone,
  expectFree,
  expectSame,
  expectTrue,
  fresh,
  KEEP,
  LONG,
  lapse,
  makeClaim,
  meets,
  rival,
  SHORT,
} from "./case-tools.js";
import type { StoreCase } from "./store-case.js";

export const leaseCases: readonly StoreCase[] = [
  {
    name: "renewal lengthens its own lease, of the key and of its own mark",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ lease: SHORT, mark: fresh("mark") });
      const kept = makeClaim({ lease: LONG, mark: fresh("mark") });
      await store.claim(kept);
      expectSame(await store.renew({ ...kept, lease: 2 * LONG }), "ok", "a renewal");
      expectTrue((await expectBusy(other, kept, "a renewed key")) > LONG, "the renewal did not lengthen the lease");
      await store.claim(claim);
      if ((await store.renew({ ...claim, lease: LONG })) === "lost") return; // This machine was slower than a short lease; the rest says nothing then.
      await lapse(session);
      await expectBusy(other, claim, "a key renewed beyond its first lease");
      expectSame(await meets(other, claim.mark!), "running", "a mark renewed beyond its first lease");
    },
  },
  {
    name: "renewal leaves a mark alone that another holds",
    async run(session) {
      const [store, other] = session.stores;
      const holder = makeClaim({ lease: SHORT, mark: fresh("mark") });
      const claim = makeClaim({ mark: holder.mark });
      await store.claim(holder);
      await other.claim(claim);
      await other.renew(claim);
      await lapse(session);
      expectSame(await meets(store, claim.mark!), false, "the other's mark after its lease");
    },
  },
  {
    name: "renewal of a free, lapsed, released, taken or done key is lost and creates nothing",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ mark: fresh("mark") });
      expectSame(await store.renew(claim), "lost", "a key never claimed");
      await expectFree(other, claim, "after its renewal");
      await store.claim(claim);
      await store.release(claim);
      expectSame(await store.renew(claim), "lost", "a released key");
      await expectFree(other, claim, "after the late renewal");
      expectSame(await meets(other, claim.mark!), false, "its mark after the late renewal");
      await store.claim({ ...claim, lease: SHORT });
      await lapse(session);
      expectSame(await store.renew(claim), "lost", "a lapsed key");
      await expectFree(other, claim, "after the renewal of a lapsed key");
      await other.claim(rival(claim));
      expectSame(await store.renew(claim), "lost", "a key under another's lease");
      const done = makeClaim();
      await store.claim(done);
      await store.commit(done, KEEP);
      expectSame(await store.renew(done), "lost", "a done key");
      await expectDone(other, done, done.tag, "after the renewal of a done key");
    },
  },
  {
    name: "release gives back key and mark, at once and harmlessly twice",
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim(claim);
      await store.release(claim);
      expectSame(await meets(other, claim.mark!), false, "the mark");
      expectSame(await other.claim(rival(claim)), { outcome: "claimed", repeats: false }, "the key");
      await store.release(claim);
      await expectBusy(store, claim, "the next holder's key after a second release");
      expectSame(await meets(store, claim.mark!), "running", "the next holder's mark after a second release");
    },
  },
  {
    name: "release leaves what is another's or done",
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim(claim);
      await other.release(rival(claim));
      await expectBusy(other, claim, "a key released by a stranger");
      expectSame(await meets(other, claim.mark!), "running", "a mark released by a stranger");
      await store.commit(claim, KEEP);
      await store.release(claim);
      await expectDone(other, claim, claim.tag, "a done key");
      expectSame(await meets(other, claim.mark!), "done", "a done mark");
    },
  },
  {
    name: "release gives back one's own key and leaves the mark that another holds",
    async run({ stores: [store, other] }) {
      const holder = makeClaim({ mark: fresh("mark") });
      const claim = makeClaim({ mark: holder.mark });
      await store.claim(holder);
      await other.claim(claim);
      await other.release(claim);
      expectSame(await meets(store, holder.mark!), "running", "the other's mark");
      await expectFree(store, claim, "one's own key");
    },
  },
];
