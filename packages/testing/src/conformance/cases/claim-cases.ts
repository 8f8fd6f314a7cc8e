/** Claims: concurrent and failing runs, and what counts as a success. */

import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { Answer, StageWords } from "../harness.js";
import { SECRET, signedId, withSuccess } from "../providers.js";
import { deliveriesOf, type Session } from "../session.js";
import { isFirst, retryAfterOf } from "./case-tools.js";

const sender = signedId({ secret: SECRET });
const payload = { type: "t" };
const stageOf = (handle: NonNullable<StageWords["handle"]>, more: object = {}): StageWords => ({
  verifier: () => ({ provider: sender, ...more }),
  handle,
});
/** One turn of the event loop. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Fails once, then succeeds. */
const failingOnce = (fail: () => Promise<Answer>): StageWords => ({
  verifier: () => ({ provider: sender }),
  handle: async (event, site) => {
    if (isFirst(site, event.id)) return fail();
    return undefined;
  },
});
/** A failure, then the provider's retry: the handler runs again, and its success is kept. */
async function failsThenSucceeds(session: Session, status: (seen: number) => boolean): Promise<void> {
  const delivery = await session.sign(sender, { payload, id: "evt_1" });
  const failed = await session.send(delivery);
  check(status(failed.status), `the failed run was answered ${failed.status}`);
  await session.until("the failure is recorded", (report) => deliveriesOf(report).length === 1);
  await session.expect(await session.send(delivery), 200, 2);
  await session.expect(await session.send(delivery), 200, 2);
}

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
  ...([200, 503] as const).map(
    (status): ConformanceCase => ({
      name: `a handler that throws after it has answered ${status} has failed, and its event runs again`,
      needs: ["answers-first"],
      stage: failingOnce(async () => ({
        status,
        async after() {
          await pause();
          throw new Error("the database is away");
        },
      })),
      run: (session) => failsThenSucceeds(session, (seen) => seen >= 500),
    }),
  ),
  {
    name: "a success that was answered leaves once its handler has ended",
    needs: ["sockets", "answers-first"],
    stage: stageOf(async (_, site) => ({ status: 202, after: () => site.gate() })),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      const first = session.send(delivery);
      await session.until("it runs", ({ accepted }) => accepted.length === 1);
      equal((await session.send(delivery)).status, 503, "status meanwhile");
      await session.openGate();
      await session.expect(await first, 202, 1);
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  ...(["break-off", "drop"] as const).map(
    (answer): ConformanceCase => ({
      name: `a response that is broken off ${answer === "drop" ? "before it has begun" : "half-way"} is a failure, and its event runs again`,
      needs: ["sockets", "break-off"],
      stage: failingOnce(async () => answer),
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
    }),
  ),
  {
    name: "a success leaves the connection open, and so does a duplicate",
    needs: ["sockets"],
    stage: stageOf(async () => undefined),
    async run(session) {
      const delivery = await session.sign(sender, { payload, id: "evt_1" });
      for (const what of ["a success", "a duplicate"]) {
        const { status, headers } = await session.send(delivery, { headers: { connection: "keep-alive" } });
        const [connection] = headers.flatMap(([name, value]) => (name === "connection" ? [value] : []));
        check(status === 200 && connection !== "close", `${what} was answered ${status} with connection: ${connection}`);
      }
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
];
