/** Claims: concurrent, failing, endless and abandoned runs, and stores in trouble. */
import { type Claim, type ClaimAnswer, memoryStore, type Store, StoreFull } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { Answer, Report, Site, StageWords } from "../harness.js";
import { SECRET, signedId, uniqueBody, withSuccess } from "../providers.js";
import { deliveriesOf, type Session } from "../session.js";

const sender = signedId({ secret: SECRET });
const payload = { type: "t" };
const stageOf = (handle: NonNullable<StageWords["handle"]>, more: object = {}): StageWords => ({
  verifier: () => ({ provider: sender, ...more }),
  handle,
});
/** Fails once, then succeeds. */
const failingOnce = (fail: () => Promise<Answer>): StageWords => ({
  verifier: () => ({ provider: sender }),
  handle: async (event, site) => {
    if (isFirst(site, event.id)) return fail();
    return undefined;
  },
});
const met = new WeakMap<Site, Set<string | undefined>>();
function isFirst(site: Site, id: string | undefined): boolean {
  const seen = met.get(site) ?? new Set();
  met.set(site, seen);
  return seen.size < seen.add(id).size;
}
const retryAfterOf = (headers: readonly (readonly [string, string])[]): number =>
  Number(headers.find(([name]) => name === "retry-after")?.[1] ?? Number.NaN);
const codesOf = ({ records }: Report): unknown[] => records.map(({ code }) => code);

/** A failure, then the provider's retry: the handler runs again, and its success is kept. */
async function failsThenSucceeds(session: Session, status: (seen: number) => boolean): Promise<void> {
  const delivery = await session.sign(sender, { payload, id: "evt_1" });
  const failed = await session.send(delivery);
  check(status(failed.status), `the failed run was answered ${failed.status}`);
  await session.until("the failure is recorded", (report) => deliveriesOf(report).length === 1);
  await session.expect(await session.send(delivery), 200, 2);
  await session.expect(await session.send(delivery), 200, 2);
}

/** A store of which one operation is replaced. */
const storeWith = (site: Site, change: (store: Store) => Partial<Store>): Store => {
  const store = memoryStore({ now: site.clock.now });
  const rest: Store = {
    durable: false,
    claim: (claim) => store.claim(claim),
    renew: (claim) => store.renew(claim),
    commit: (claim, keep) => store.commit(claim, keep),
    release: (claim) => store.release(claim),
  };
  return { ...rest, ...change(store) };
};
const never = new Promise<never>(() => {});
const down = (): Promise<never> => Promise.reject(new Error("connection refused"));

const troubledStore = (name: string, change: (store: Store) => Partial<Store>, code: string): ConformanceCase => ({
  name,
  stage: { verifier: (site) => ({ provider: sender, store: storeWith(site, change), storeTimeout: 0.1 }) },
  async run(session) {
    const response = await session.send(await session.sign(sender, { payload }));
    await session.refused(response, 503, code);
    check(retryAfterOf(response.headers) >= 1, "retry-after is not there");
  },
});

export const claimCases: readonly ConformanceCase[] = [
  {
    name: "of many deliveries of one event at once, one runs and the others are told to come again",
    needs: ["sockets"],
    stage: stageOf(async (_, site) => {
      await site.gate();
      return undefined;
    }),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const all = Array.from({ length: 8 }, () => session.send(delivery));
      await session.until("seven were sent away", (report) => deliveriesOf(report).length === 7);
      await session.openGate();
      const responses = await Promise.all(all);
      equal(responses.map(({ status }) => status).sort(), [200, ...Array<number>(7).fill(503)], "statuses");
      for (const { status, headers } of responses)
        if (status === 503) check(retryAfterOf(headers) >= 1 && retryAfterOf(headers) <= 30, "retry-after exceeds the lease");
      const report = await session.report();
      equal(report.accepted.length, 1, "runs of the handler");
      equal(
        deliveriesOf(report).filter(({ code, duplicate }) => code === "CLAIM_BUSY" && duplicate === "running").length,
        7,
        "records of the running kind",
      );
    },
  },
  {
    name: "different events run at once",
    needs: ["sockets"],
    stage: stageOf(async (_, site) => {
      await site.gate();
      return undefined;
    }),
    async run(session) {
      const deliveries = await Promise.all(["a", "b", "c"].map((id) => session.sign(sender, { payload, id })));
      const all = deliveries.map((delivery) => session.send(delivery));
      await session.until("three run", ({ accepted }) => accepted.length === 3);
      await session.openGate();
      equal(
        (await Promise.all(all)).map(({ status }) => status),
        [200, 200, 200],
        "statuses",
      );
    },
  },
  {
    name: "a handler that throws is answered 500, and its event runs again",
    stage: failingOnce(async () => {
      throw new Error("the database is away");
    }),
    run: (session) => failsThenSucceeds(session, (status) => status === 500),
  },
  {
    name: "a handler that throws what is no error is answered 500, and its event runs again",
    stage: failingOnce(() => Promise.reject("a text")),
    run: (session) => failsThenSucceeds(session, (status) => status === 500),
  },
  {
    name: "a handler that throws nothing at all is answered 500, and its event runs again",
    stage: failingOnce(() => Promise.reject(undefined)),
    run: (session) => failsThenSucceeds(session, (status) => status === 500),
  },
  {
    name: "a handler that throws an error with a 2xx status is never answered so",
    stage: failingOnce(async () => {
      throw Object.assign(new Error("confused"), { status: 200, statusCode: 200, expose: true });
    }),
    run: (session) => failsThenSucceeds(session, (status) => status >= 500),
  },
  {
    name: "an application's error handler that answers 200 is overruled",
    needs: ["error-handler"],
    stage: {
      ...failingOnce(async () => {
        throw new Error("the database is away");
      }),
      errorsAnswer200: true,
    },
    run: (session) => failsThenSucceeds(session, (status) => status === 500),
  },
  ...[503, 500, 429, 404, 302].map(
    (status): ConformanceCase => ({
      name: `a handler that answers ${status} has failed, and its event runs again`,
      stage: failingOnce(async () => ({ status })),
      run: (session) => failsThenSucceeds(session, (seen) => seen === status),
    }),
  ),
  ...[201, 202, 204].map(
    (status): ConformanceCase => ({
      name: `a handler that answers ${status} has succeeded`,
      stage: stageOf(async () => ({ status })),
      async run(session) {
        const delivery = await session.sign(sender, { payload, id: "evt_1" });
        await session.expect(await session.send(delivery), status, 1);
        await session.until("the success is recorded", (report) => deliveriesOf(report).some((one) => one.status === status));
        await session.expect(await session.send(delivery), 200, 1);
      },
    }),
  ),
  {
    name: "a response that is broken off half-way is a failure, and its event runs again",
    needs: ["sockets", "break-off"],
    stage: failingOnce(async () => "break-off"),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const first = await session.send(delivery).then(
        () => "a whole reply",
        () => "broken off",
      );
      equal(first, "broken off", "the first reply");
      await session.until("the failure is recorded", (report) => deliveriesOf(report).length === 1);
      await session.expect(await session.send(delivery), 200, 2);
    },
  },
  {
    name: "an event that nobody replied to has failed, and runs again",
    needs: ["silent"],
    stage: failingOnce(async () => "silent"),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const first = await session.send(delivery);
      if (session.form === "handler") {
        await session.expect(first, 200, 1);
        return;
      }
      await session.refused(first, 500, "NOBODY_REPLIED", 1);
      await session.expect(await session.send(delivery), 200, 2);
    },
  },
  {
    name: "the provider's own success reply is sent, to duplicates too",
    stage: { verifier: () => ({ provider: withSuccess({ secret: SECRET }) }) },
    async run(session) {
      const delivery = await session.sign(withSuccess({ secret: SECRET }), { payload: { id: "7" } });
      const first = await session.send(delivery);
      if (session.form === "handler") equal([first.status, first.body], [202, '{"received":"7"}'], "first reply");
      await session.until("the success is recorded", (report) => deliveriesOf(report).length === 1);
      const second = await session.send(delivery);
      equal([second.status, second.body], [202, '{"received":"7"}'], "reply to the duplicate");
    },
  },
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
  troubledStore("a store that is down is answered 503", () => ({ claim: down }), "STORE_UNAVAILABLE"),
  troubledStore("a store that is slow is answered 503 in time", () => ({ claim: () => never }), "STORE_UNAVAILABLE"),
  troubledStore(
    "a store that throws where it should reject is answered 503",
    () => ({
      claim: (): Promise<ClaimAnswer> => {
        throw new Error("not a promise");
      },
    }),
    "STORE_UNAVAILABLE",
  ),
  troubledStore("a store that is full is answered 503", () => ({ claim: () => Promise.reject(new StoreFull("it is full")) }), "STORE_FULL"),
  {
    name: "a claim whose answer came too late is given back: the retry runs",
    stage: {
      verifier: (site) => ({
        provider: sender,
        storeTimeout: 0.1,
        store: storeWith(site, (store) => ({
          claim: async (claim) => {
            const answer = await store.claim(claim);
            return isFirst(site, "claim") ? never : answer;
          },
        })),
      }),
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      await session.refused(await session.send(delivery), 503, "STORE_UNAVAILABLE");
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "a commit that fails after a success leaves the reply as it is, and is tried again",
    needs: ["background"],
    stage: {
      verifier: (site) => ({
        provider: sender,
        store: storeWith(site, (store) => ({ commit: (claim, keep) => (isFirst(site, "commit") ? down() : store.commit(claim, keep)) })),
      }),
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      await session.expect(await session.send(delivery), 200, 1);
      for (let tries = 0; ; tries++) {
        const { status } = await session.send(delivery);
        if (status === 200) break;
        equal(status, 503, "status until the commit has come through");
        check(tries < 2000, "the commit never came through");
      }
      equal((await session.report()).accepted.length, 1, "runs of the handler");
    },
  },
  {
    name: "a release that fails leaves the event to its lease",
    needs: ["background"],
    stage: {
      verifier: (site) => ({ provider: sender, lease: 20, store: storeWith(site, () => ({ release: down })) }),
      handle: async (event, site) => {
        if (isFirst(site, event.id)) throw new Error("the database is away");
        return undefined;
      },
    },
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      equal((await session.send(delivery)).status, 500, "status of the failure");
      equal((await session.send(delivery)).status, 503, "status while the lease lasts");
      await session.advance(21);
      await session.expect(await session.send(delivery), 200, 2);
    },
  },
  {
    name: "a bounded store that is full of running events is answered 503, and takes the next when one has ended",
    needs: ["sockets"],
    stage: {
      verifier: ({ clock }) => ({ provider: uniqueBody({ secret: SECRET }), store: memoryStore({ now: clock.now, maxClaims: 2 }) }),
      handle: async (_, site) => {
        await site.gate();
        throw new Error("the database is away");
      },
    },
    async run(session) {
      const genuine = uniqueBody({ secret: SECRET });
      const [a, b, c] = await Promise.all([1, 2, 3].map((n) => session.sign(genuine, { payload: { n } })));
      check(a !== undefined && b !== undefined && c !== undefined, "three deliveries");
      const running = [session.send(a), session.send(b)];
      await session.until("two run", ({ accepted }) => accepted.length === 2);
      await session.refused(await session.send(c), 503, "STORE_FULL", 2);
      await session.openGate();
      await Promise.all(running);
      equal((await session.send(c)).status, 500, "status when there is room");
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
