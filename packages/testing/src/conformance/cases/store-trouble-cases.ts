/** Stores in trouble: down, slow, full, and late. */
import { type ClaimAnswer, memoryStore, type Store, StoreFull } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import { SECRET, signedId, uniqueBody } from "../providers.js";
import { isFirst, never, retryAfterOf, storeWith } from "./case-tools.js";

const sender = signedId({ secret: SECRET });
const payload = { type: "t" };
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

export const storeTroubleCases: readonly ConformanceCase[] = [
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
];
