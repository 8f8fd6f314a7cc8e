/** Commits: in time, late, twice, and over what others hold. */

import { eventually, expectBusy, expectDone, expectSame, fresh, KEEP, LONG, lapse, makeClaim, meets, rival, SHORT } from "./case-tools.js";
import type { StoreCase } from "./store-case.js";

export const commitCases: readonly StoreCase[] = [
  {
    name: "commit of one's own key makes it done",
    async run({ stores: [store, other] }) {
      const claim = makeClaim();
      await store.claim(claim);
      expectSame(await store.commit(claim, KEEP), "ok", "a commit");
      await expectDone(other, claim, claim.tag, "a committed key");
    },
  },
  {
    name: "commit of a free or lapsed key makes it done: a success is not forgotten because it was late",
    async run(session) {
      const [store, other] = session.stores;
      const free = makeClaim({ mark: fresh("mark") });
      expectSame(await store.commit(free, KEEP), "ok", "a free key");
      await expectDone(other, free, free.tag, "a free key");
      expectSame(await meets(other, free.mark!), "done", "its mark");
      const lapsed = makeClaim({ lease: SHORT, mark: fresh("mark") });
      await store.claim(lapsed);
      await lapse(session);
      expectSame(await store.commit(lapsed, KEEP), "ok", "a lapsed key");
      await expectDone(other, lapsed, lapsed.tag, "a lapsed key");
      expectSame(await meets(other, lapsed.mark!), "done", "its mark");
    },
  },
  {
    name: "commit under another's lease is held, leaves the key and makes the mark done",
    async run(session) {
      const [store, other] = session.stores;
      const zombie = makeClaim({ lease: SHORT, mark: fresh("mark") });
      await store.claim(zombie);
      await lapse(session);
      const holder = rival(zombie, { lease: LONG });
      await other.claim(holder);
      expectSame(await store.commit(zombie, KEEP), "held", "a zombie's commit");
      await expectBusy(store, holder, "the holder's key");
      expectSame(await other.renew(holder), "ok", "the holder's renewal");
      expectSame(await meets(other, holder.mark!), "done", "the mark");
      expectSame(await other.commit(holder, KEEP), "ok", "the holder's commit");
      await expectDone(store, holder, holder.tag, "the key in the end");
      expectSame(await store.commit(zombie, KEEP), "ok", "the zombie's next try");
      await expectDone(store, holder, holder.tag, "the key after it");
    },
  },
  {
    name: "commit of a done key leaves it: its tag and its time stay",
    async run(session) {
      const [store, other] = session.stores;
      const claim = makeClaim({ mark: fresh("mark") });
      await store.claim(claim);
      await store.commit(claim, { key: 4 * SHORT, mark: 4 * SHORT });
      expectSame(await other.commit(rival(claim), KEEP), "ok", "a second commit");
      const answer = await other.claim(rival(claim));
      if (answer.outcome === "duplicate") expectSame(answer.tag, claim.tag, "the tag after it");
      await eventually(session, "the first commit's time ends", async () => (await meets(other, claim.mark!)) === false);
      await eventually(session, "the first commit's time ends", async () => (await other.claim(rival(claim))).outcome === "claimed");
    },
  },
  {
    name: "commit turns a mark that another leases into done, and that other's release leaves it",
    async run({ stores: [store, other] }) {
      const first = makeClaim({ mark: fresh("mark") });
      const second = makeClaim({ mark: first.mark });
      await store.claim(first);
      await other.claim(second);
      await other.commit(second, KEEP);
      expectSame(await meets(store, first.mark!), "done", "the mark");
      await store.release(first);
      expectSame(await meets(store, first.mark!), "done", "the mark after the first's release");
    },
  },
  {
    name: "keeps key and mark for their own times",
    async run(session) {
      const [store, other] = session.stores;
      const [shortKey, shortMark] = [makeClaim({ mark: fresh("mark") }), makeClaim({ mark: fresh("mark") })];
      await store.commit(shortKey, { key: SHORT, mark: LONG });
      await store.commit(shortMark, { key: LONG, mark: SHORT });
      await eventually(
        session,
        "the key's time ends",
        async () => (await other.claim(rival(shortKey, { mark: undefined }))).outcome === "claimed",
      );
      expectSame(await meets(other, shortKey.mark!), "done", "a mark kept longer");
      await eventually(session, "the mark's time ends", async () => (await meets(other, shortMark.mark!)) === false);
      await expectDone(other, shortMark, shortMark.tag, "a key kept longer");
    },
  },
  {
    name: "goes by its own clock, whatever the hosts think the time is",
    needs: ["own-clock"],
    async run({ stores: [store, other] }) {
      const claim = makeClaim({ lease: LONG, mark: fresh("mark") });
      await store.claim(claim);
      await withClock(3_600_000, async () => {
        await expectBusy(other, claim, "for a host an hour ahead");
        expectSame(await meets(other, claim.mark!), "running", "the mark for a host an hour ahead");
      });
      await withClock(-3_600_000, async () => {
        expectSame(await store.commit(claim, KEEP), "ok", "a commit by a host an hour behind");
      });
      await expectDone(other, claim, claim.tag, "a key committed an hour ago by the host's clock");
    },
  },
];

/** Runs something as a host whose clock is off by so many milliseconds. */
async function withClock(shift: number, work: () => Promise<void>): Promise<void> {
  const real = Date.now;
  Date.now = () => real() + shift;
  try {
    await work();
  } finally {
    Date.now = real;
  }
}
