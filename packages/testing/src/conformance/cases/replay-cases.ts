/** The rows of the table of replays where an id or unique content tells events apart. */
import type { Provider } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import type { Report, StageWords } from "../harness.js";
import { SECRET, sameInRetries, signedId, stamped, uniqueBody, unsignedType } from "../providers.js";

const secret = SECRET;
const stageOf = (provider: Provider, repeats: "accept" | "refuse" = "accept"): StageWords => ({ verifier: () => ({ provider, repeats }) });
const lastDuplicate = ({ records }: Report): string | undefined => records.at(-1)?.duplicate;
const repeatsOf = ({ accepted }: Report): unknown[] => accepted.map(({ repeats }) => repeats);

const withId = signedId({ secret });
const fresh = stamped({ secret });
const unique = uniqueBody({ secret });
const same = sameInRetries({ secret });
const typed = unsignedType({ secret });
export const replayCases: readonly ConformanceCase[] = [
  {
    name: "signed id: runs an event once, however often it comes",
    stage: stageOf(withId),
    async run(session) {
      const delivery = await session.sign(withId, { payload: { type: "t" }, id: "evt_1" });
      await session.expect(await session.send(delivery), 200, 1);
      equal(lastDuplicate(await session.expect(await session.send(delivery), 200, 1)), "exact", "kind of duplicate");
    },
  },
  {
    name: "signed id: knows a retry that is signed anew",
    stage: stageOf(withId),
    async run(session) {
      await session.expect(await session.send(await session.sign(withId, { payload: { type: "t" }, id: "evt_1" })), 200, 1);
      await session.advance(30);
      const retry = await session.sign(withId, { payload: { type: "t", attempt: 2 }, id: "evt_1" });
      equal(lastDuplicate(await session.expect(await session.send(retry), 200, 1)), "redelivery", "kind of duplicate");
    },
  },
  {
    name: "signed id: takes equal content under another id as another event",
    stage: stageOf(withId),
    async run(session) {
      for (const [n, id] of ["evt_1", "evt_2", "evt_1 "].entries())
        if (id.trim() === id)
          await session.expect(await session.send(await session.sign(withId, { payload: { type: "t" }, id })), 200, n + 1);
    },
  },
  {
    name: "signed id: a captured delivery sent with another unsigned type does not swallow the honest one",
    stage: stageOf(typed),
    async run(session) {
      const honest = await session.sign(typed, { payload: { n: 1 }, id: "evt_1", type: "paid" });
      await session.expect(await session.send(honest, { headers: { "x-type": "ping" } }), 200, 1);
      const report = await session.expect(await session.send(honest), 200, 2);
      equal(repeatsOf(report), [false, "done"], "repeats");
      await session.expect(await session.send(honest), 200, 2);
    },
  },
  {
    name: "unique body: runs a body once, though retries are signed anew",
    stage: stageOf(unique),
    async run(session) {
      await session.expect(await session.send(await session.sign(unique, { payload: { n: 1 } })), 200, 1);
      await session.advance(5);
      const retry = await session.sign(unique, { payload: { n: 1 } });
      equal(lastDuplicate(await session.expect(await session.send(retry), 200, 1)), "redelivery", "kind of duplicate");
      await session.expect(await session.send(await session.sign(unique, { payload: { n: 2 } })), 200, 2);
    },
  },
  {
    name: "content that is the same in all retries: an unsigned id changes nothing",
    stage: stageOf(same),
    async run(session) {
      const delivery = await session.sign(same, { payload: { n: 1 }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      const report = await session.expect(await session.send(delivery, { headers: { "x-id": "2" } }), 200, 1);
      equal(lastDuplicate(report), "exact", "kind of duplicate");
    },
  },
  {
    name: "content that is the same in all retries: signed at another time it is another event",
    stage: stageOf(same),
    async run(session) {
      await session.expect(await session.send(await session.sign(same, { payload: { n: 1 }, id: "1" })), 200, 1);
      await session.advance(1);
      await session.expect(await session.send(await session.sign(same, { payload: { n: 1 }, id: "1" })), 200, 2);
    },
  },
  {
    name: "unsigned id, unique by its timestamp: a captured delivery under another id runs nothing",
    stage: stageOf(fresh),
    async run(session) {
      const delivery = await session.sign(fresh, { payload: { n: 1 }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      const response = await session.send(delivery, { headers: { "x-id": "2" } });
      equal(lastDuplicate(await session.refused(response, 503, "REPLAYED", 1)), "replayed", "kind of duplicate");
    },
  },
  {
    name: "unsigned id, unique by its timestamp: a captured delivery without its id runs nothing",
    stage: stageOf(fresh),
    async run(session) {
      const delivery = await session.sign(fresh, { payload: { n: 1 }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      const without = await session.send(delivery, { headers: { "x-id": undefined } });
      await session.expect(without, without.status, 1);
    },
  },
  {
    name: "unsigned id, unique by its timestamp: a retry signed anew is a duplicate",
    stage: stageOf(fresh),
    async run(session) {
      await session.expect(await session.send(await session.sign(fresh, { payload: { n: 1 }, id: "1" })), 200, 1);
      await session.advance(5);
      const report = await session.expect(await session.send(await session.sign(fresh, { payload: { n: 1 }, id: "1" })), 200, 1);
      equal(lastDuplicate(report), "redelivery", "kind of duplicate");
    },
  },
  {
    name: "unsigned id, unique by its timestamp: an honest event that was captured under a coming id still runs",
    stage: stageOf(fresh),
    async run(session) {
      const captured = await session.sign(fresh, { payload: { n: 1 }, id: "1" });
      await session.expect(await session.send(captured, { headers: { "x-id": "2" } }), 200, 1);
      await session.expect(await session.send(await session.sign(fresh, { payload: { n: 2 }, id: "2" })), 200, 2);
    },
  },
  {
    name: "unsigned id, unique by its timestamp: after a failed run under a false id, the honest retry runs",
    stage: {
      verifier: () => ({ provider: fresh }),
      handle: async ({ id }) => {
        if (id === "false") throw new Error("no such thing");
        return undefined;
      },
    },
    async run(session) {
      const captured = await session.sign(fresh, { payload: { n: 1 }, id: "1" });
      equal((await session.send(captured, { headers: { "x-id": "false" } })).status, 500, "status of the false id");
      await session.expect(await session.send(captured), 200, 2);
    },
  },
];
