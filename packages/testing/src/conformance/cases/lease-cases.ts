/** Leases: crashed, endless, long and abandoned runs, and the closing. */
import type { Claim } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { Site, StageWords } from "../harness.js";
import { SECRET, signedId } from "../providers.js";
import { deliveriesOf } from "../session.js";
import { codesOf, isFirst, never, retryAfterOf, storeWith } from "./case-tools.js";

const sender = signedId({ secret: SECRET });
const payload = { type: "t" };
const stageOf = (handle: NonNullable<StageWords["handle"]>, more: object = {}): StageWords => ({
  verifier: () => ({ provider: sender, ...more }),
  handle,
});
export const leaseCases: readonly ConformanceCase[] = [
  {
    name: "a run that crashed gives way when its lease has run out",
    needs: ["sockets", "background"],
    stage: {
      // a handler that never ends and is never renewed is what a crash leaves behind
      verifier: () => ({ provider: sender, handlerTimeout: 0.05, lease: 20 }),
      handle: async (event, site) => (isFirst(site, event.id) ? never : undefined),
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const first = session.send(delivery);
      await session.until("its time is over", (report) => codesOf(report).includes("HANDLER_TIMEOUT"));
      const busy = await session.send(delivery);
      equal(busy.status, 503, "status while the lease lasts");
      check(retryAfterOf(busy.headers) <= 20, "retry-after exceeds the lease");
      await session.advance(21);
      await session.expect(await session.send(delivery), 200, 2);
      const { status } = await first;
      check(status >= 500, `the run that never ended was answered ${status}`);
    },
  },
  {
    name: "a handler that never ends is answered when its time is over, and its signal aborts",
    needs: ["sockets"],
    stage: stageOf(() => never, { handlerTimeout: 0.05 }),
    async run(session) {
      const response = await session.send(await session.sign(sender, { payload, id: "evt_1" }));
      check(response.status >= 500, `it was answered ${response.status}`);
      const report = await session.until("the signal aborts", ({ aborted }) => aborted === 1);
      equal(codesOf(report).includes("HANDLER_TIMEOUT"), true, "the notice is there");
    },
  },
  {
    name: "a handler that ends after its time has changed nothing that another holds",
    needs: ["sockets", "background"],
    stage: {
      verifier: () => ({ provider: sender, handlerTimeout: 0.05, lease: 20 }),
      handle: async (event, site) => {
        if (isFirst(site, event.id)) {
          await site.gate();
          throw new Error("too late");
        }
        return undefined;
      },
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const first = session.send(delivery);
      await session.until("its time is over", (report) => codesOf(report).includes("HANDLER_TIMEOUT"));
      await session.advance(21);
      await session.expect(await session.send(delivery), 200, 2);
      await session.openGate();
      await session.until("the first has ended", ({ ended }) => ended === 2);
      await session.expect(await session.send(delivery), 200, 2);
      check((await first).status >= 500, "the first was answered a success");
    },
  },
  {
    name: "a long handler keeps its lease by renewing it",
    needs: ["sockets"],
    stage: {
      verifier: (site) => {
        // each renewal moves the clock on, so that ten would exceed the lease without them
        const store = storeWith(site, (inner) => ({
          renew: async (claim: Claim) => {
            const answer = await inner.renew(claim);
            site.clock.advance(0.9);
            if (site.clock.now() > start + 2500) renewed.add(site);
            return answer;
          },
        }));
        const start = site.clock.now();
        return { provider: sender, store, lease: 1 };
      },
      handle: async (_, site) => {
        while (!renewed.has(site)) await new Promise((resolve) => setTimeout(resolve, 10));
        return undefined;
      },
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const response = await session.send(delivery);
      await session.expect(response, 200, 1);
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "a lease that was lost aborts the handler's signal, and its late success does not undo another's",
    needs: ["sockets"],
    stage: {
      verifier: (site) => ({ provider: sender, lease: 1, store: storeWith(site, () => ({ renew: async () => "lost" as const })) }),
      handle: async (event) => {
        await new Promise((resolve) => event.signal.addEventListener("abort", resolve));
        return undefined;
      },
    },
    async run(session) {
      await session.send(await session.sign(sender, { payload, id: "evt_1" }));
      const report = await session.report();
      equal([report.aborted, codesOf(report).includes("LEASE_LOST")], [1, true], "abort and notice");
    },
  },
  {
    name: "a sender that hangs up does not end its claim: the run goes on, and its success is kept",
    needs: ["sockets", "background"],
    stage: stageOf(async (_, site) => {
      await site.gate();
      return { status: 200 };
    }),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const connection = await session.begin(session.toRequest(delivery));
      await connection.write(delivery.body);
      await session.until("it runs", ({ accepted }) => accepted.length === 1);
      connection.destroy();
      equal((await session.send(delivery)).status, 503, "status while it runs");
      await session.openGate();
      await session.until("its success is recorded", (report) =>
        deliveriesOf(report).some(({ outcome, status }) => outcome === "accepted" && status === 200),
      );
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "a sender that hangs up before a failure: the run's own end releases the claim",
    needs: ["sockets", "background"],
    stage: {
      verifier: () => ({ provider: sender }),
      handle: async (event, site) => {
        if (!isFirst(site, event.id)) return undefined;
        await site.gate();
        throw new Error("the database is away");
      },
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const connection = await session.begin(session.toRequest(delivery));
      await connection.write(delivery.body);
      await session.until("it runs", ({ accepted }) => accepted.length === 1);
      connection.destroy();
      await session.openGate();
      await session.until("its failure is recorded", (report) => codesOf(report).includes("HANDLER_FAILED"));
      await session.expect(await session.send(delivery), 200, 2);
    },
  },
  {
    name: "close() refuses new deliveries, and waits for the handlers under way",
    needs: ["sockets"],
    stage: stageOf(async (_, site) => {
      await site.gate();
      return undefined;
    }),
    async run(session) {
      const first = session.send(await session.sign(sender, { payload, id: "evt_1" }));
      await session.until("it runs", ({ accepted }) => accepted.length === 1);
      await session.startClose();
      await session.refused(await session.send(await session.sign(sender, { payload, id: "evt_2" })), 503, "CLOSING", 1);
      equal((await session.report()).closed, false, "closed while a handler runs");
      await session.openGate();
      equal((await first).status, 200, "status of the run under way");
      await session.until("it has closed", ({ closed }) => closed);
    },
  },
  {
    name: "records each delivery once, with what was decided",
    stage: stageOf(async () => undefined),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      await session.send(delivery);
      await session.send(delivery);
      await session.send(delivery, { headers: { "x-signature": "v1,AAAA" } });
      const report = await session.until("three are recorded", (one) => deliveriesOf(one).length === 3);
      equal(
        deliveriesOf(report).map(({ outcome, code, status }) => [outcome, code, status]),
        [
          ["accepted", undefined, 200],
          ["duplicate", undefined, 200],
          ["rejected", "SIGNATURE_MISMATCH", 401],
        ],
        "records",
      );
    },
  },
];

/** Sites whose clock renewals have moved beyond the first lease. */
const renewed = new WeakSet<Site>();
