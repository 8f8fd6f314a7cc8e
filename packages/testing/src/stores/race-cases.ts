/** Many callers at once, over connections of their own. */

import type { ClaimAnswer } from "@countersign/core";
import { expectDone, expectSame, expectTrue, fresh, KEEP, LONG, lapse, makeClaim, meets, rival, SHORT } from "./case-tools.js";
import type { StoreCase, StoreSession } from "./store-case.js";

const ROUNDS = 20;
const CALLERS = 40;

export const raceCases: readonly StoreCase[] = [
  {
    name: "gives a key to exactly one of many callers",
    needs: ["connections"],
    async run(session) {
      for (let round = 0; round < ROUNDS; round++) {
        const claim = makeClaim({ mark: round % 2 === 0 ? fresh("mark") : undefined });
        const answers = await all(session, (store) => store.claim(rival(claim)));
        expectCounts(answers, { claimed: 1, busy: CALLERS - 1 }, `round ${round}`);
      }
    },
  },
  {
    name: "gives a lapsed key to exactly one of many callers",
    needs: ["connections"],
    async run(session) {
      for (let round = 0; round < 5; round++) {
        const claim = makeClaim({ lease: SHORT, mark: fresh("mark") });
        await session.stores[0].claim(claim);
        await lapse(session);
        const answers = await all(session, (store) => store.claim(rival(claim, { lease: LONG })));
        expectCounts(answers, { claimed: 1, busy: CALLERS - 1 }, `round ${round}`);
        expectSame(await session.stores[0].commit(claim, KEEP), "held", "the former holder's commit");
      }
    },
  },
  {
    name: "tells all but one of many callers with different keys that the mark is met",
    needs: ["connections"],
    async run(session) {
      for (let round = 0; round < ROUNDS; round++) {
        const mark = fresh("mark");
        const answers = await all(session, (store) => store.claim(makeClaim({ mark })));
        expectCounts(answers, { claimed: CALLERS }, `round ${round}`);
        const unmarked = answers.filter((answer) => answer.outcome === "claimed" && answer.repeats === false).length;
        expectSame(unmarked, 1, `callers who took the mark in round ${round}`);
      }
    },
  },
  {
    name: "lets exactly one holder of a key commit it, among claims, commits and releases in any order",
    needs: ["connections"],
    async run(session) {
      for (let round = 0; round < ROUNDS; round++) {
        const claim = makeClaim({ mark: fresh("mark") });
        let running = 0;
        let successes = 0;
        await all(session, async (store, caller) => {
          const mine = rival(claim);
          const answer = await store.claim(mine);
          if (answer.outcome !== "claimed") return;
          running += 1;
          expectSame(running, 1, "holders at once");
          expectSame(await store.renew(mine), "ok", "the holder's renewal");
          running -= 1;
          if (caller % 2 === 1) {
            await store.release(mine);
            return;
          }
          successes += 1;
          expectSame(await store.commit(mine, KEEP), "ok", "the holder's commit");
        });
        expectTrue(successes <= 1, `${successes} callers succeeded in round ${round}`);
        expectSame(await meets(session.stores[0], claim.mark!), successes === 1 ? "done" : false, "the mark in the end");
      }
    },
  },
  {
    name: "finishes every operation of many callers over few keys and marks, with no deadlock",
    needs: ["connections"],
    async run(session) {
      const names = [makeClaim(), makeClaim(), makeClaim()].map(({ key }) => key);
      const marks = [fresh("mark"), fresh("mark")];
      await all(session, async (store, caller) => {
        for (let i = 0; i < 10; i++) {
          const claim = makeClaim({ key: names[(caller + i) % 3]!, mark: marks[(caller * 7 + i) % 2]! });
          const answer = await store.claim(claim);
          if (answer.outcome === "claimed") await store.renew(claim);
          if (i % 5 === 0) await store.commit(makeClaim({ mark: marks[i % 2]! }), { key: SHORT, mark: SHORT });
          await store.release(claim);
        }
      });
      for (const key of names) {
        const claim = makeClaim({ key });
        expectSame((await session.stores[0].claim(claim)).outcome, "claimed", "a key in the end");
        await session.stores[0].commit(claim, KEEP);
        await expectDone(session.stores[1], claim, claim.tag, "a key in the end");
      }
    },
  },
];

function all<Answer>(
  session: StoreSession,
  act: (store: StoreSession["stores"][number], caller: number) => Promise<Answer>,
): Promise<Answer[]> {
  const { stores } = session;
  return Promise.all(Array.from({ length: CALLERS }, (_, caller) => act(stores[caller % stores.length]!, caller)));
}

function expectCounts(answers: readonly ClaimAnswer[], expected: Readonly<Record<string, number>>, what: string): void {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  const sorted = (record: Readonly<Record<string, number>>) => Object.entries(record).sort();
  expectSame(sorted(counts), sorted(expected), what);
}
