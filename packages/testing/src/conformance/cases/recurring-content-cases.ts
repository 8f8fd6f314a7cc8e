/** The rows of the table of replays where content may recur, and what nobody signs. */
import type { Provider } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import type { Report, StageWords } from "../harness.js";
import { bearer, bodyAlone, inBody, nameless, SECRET, signedId, stampedAlone, tenants, uniqueBody, urlSigned } from "../providers.js";

const secret = SECRET;
const stageOf = (provider: Provider, repeats: "accept" | "refuse" = "accept"): StageWords => ({ verifier: () => ({ provider, repeats }) });
const lastDuplicate = ({ records }: Report): string | undefined => records.at(-1)?.duplicate;
const repeatsOf = ({ accepted }: Report): unknown[] => accepted.map(({ repeats }) => repeats);

const withId = signedId({ secret });
const body = bodyAlone({ secret });
const freshAlone = stampedAlone({ secret });
const unique = uniqueBody({ secret });
const bare = nameless({ secret });
const token = bearer({ secret });
const shared = tenants({ secret });
const proofInBody = inBody({ secret });
const url = urlSigned({ secret, publicUrl: "https://hooks.example" });

export const recurringContentCases: readonly ConformanceCase[] = [
  {
    name: "unsigned id, content that may recur: runs an id with its body once",
    stage: stageOf(body),
    async run(session) {
      const delivery = await session.sign(body, { payload: { n: 1 }, id: "1", type: "push" });
      await session.expect(await session.send(delivery), 200, 1);
      equal(lastDuplicate(await session.expect(await session.send(delivery), 200, 1)), "exact", "kind of duplicate");
    },
  },
  {
    name: "unsigned id, content that may recur: an equal body under another id runs, and says that it repeats",
    stage: stageOf(body),
    async run(session) {
      const delivery = await session.sign(body, { payload: { n: 1 }, id: "1", type: "push" });
      await session.expect(await session.send(delivery), 200, 1);
      const report = await session.expect(await session.send(delivery, { headers: { "x-id": "2" } }), 200, 2);
      equal(repeatsOf(report), [false, "done"], "repeats");
    },
  },
  {
    name: "unsigned id, content that may recur: a captured body under a coming id does not swallow that event",
    stage: stageOf(body),
    async run(session) {
      const captured = await session.sign(body, { payload: { n: 1 }, id: "1", type: "push" });
      await session.expect(await session.send(captured, { headers: { "x-id": "2" } }), 200, 1);
      await session.expect(await session.send(await session.sign(body, { payload: { n: 2 }, id: "2", type: "push" })), 200, 2);
    },
  },
  {
    name: "unsigned id, content that may recur: a captured delivery with another type does not swallow the honest one",
    stage: stageOf(body),
    async run(session) {
      const honest = await session.sign(body, { payload: { n: 1 }, id: "1", type: "push" });
      await session.expect(await session.send(honest, { headers: { "x-type": "ping" } }), 200, 1);
      const report = await session.expect(await session.send(honest), 200, 2);
      equal(repeatsOf(report), [false, "done"], "repeats");
    },
  },
  {
    name: "unsigned id, content that may recur: a repeat says that the first still runs",
    needs: ["sockets"],
    stage: {
      verifier: () => ({ provider: body }),
      handle: async ({ id }, site) => {
        if (id === "1") await site.gate();
        return undefined;
      },
    },
    async run(session) {
      const delivery = await session.sign(body, { payload: { n: 1 }, id: "1", type: "push" });
      const first = session.send(delivery);
      await session.until("the first runs", ({ accepted }) => accepted.length === 1);
      const report = await session.expect(await session.send(delivery, { headers: { "x-id": "2" } }), 200, 2);
      equal(repeatsOf(report), [false, "running"], "repeats");
      await session.openGate();
      equal((await first).status, 200, "status of the first");
    },
  },
  {
    name: 'unsigned id, content that may recur, under repeats: "refuse": no other id makes it run again',
    stage: stageOf(body, "refuse"),
    async run(session) {
      const delivery = await session.sign(body, { payload: { n: 1 }, id: "1", type: "push" });
      await session.expect(await session.send(delivery), 200, 1);
      await session.expect(await session.send(delivery, { headers: { "x-id": "2" } }), 200, 1);
      await session.expect(await session.send(delivery, { headers: { "x-id": undefined } }), 200, 1);
    },
  },
  {
    name: 'token, under repeats: "refuse": an equal body runs once',
    stage: stageOf(token, "refuse"),
    async run(session) {
      await session.expect(await session.send(await session.sign(token, { payload: { n: 1 }, id: "1" })), 200, 1);
      await session.expect(await session.send(await session.sign(token, { payload: { n: 1 }, id: "2" })), 200, 1);
      await session.expect(await session.send(await session.sign(token, { payload: { n: 2 }, id: "2" })), 200, 2);
    },
  },
  {
    name: "token: its content is the body, so that an id with another body is another event",
    stage: stageOf(token),
    async run(session) {
      await session.expect(await session.send(await session.sign(token, { payload: { n: 1 }, id: "1" })), 200, 1);
      await session.expect(await session.send(await session.sign(token, { payload: { n: 1 }, id: "1" })), 200, 1);
      const report = await session.expect(await session.send(await session.sign(token, { payload: { n: 2 }, id: "1" })), 200, 2);
      equal(repeatsOf(report), [false, false], "repeats");
    },
  },
  {
    name: "no id, unique by its timestamp: the same runs once, and a retry signed anew runs again",
    stage: stageOf(freshAlone),
    async run(session) {
      const delivery = await session.sign(freshAlone, { payload: { n: 1 } });
      await session.expect(await session.send(delivery), 200, 1);
      await session.expect(await session.send(delivery), 200, 1);
      await session.advance(1);
      await session.expect(await session.send(await session.sign(freshAlone, { payload: { n: 1 } })), 200, 2);
    },
  },
  {
    name: "no id, content that may recur: runs every delivery, and has said so",
    stage: stageOf(bare),
    async run(session) {
      const delivery = await session.sign(bare, { payload: { n: 1 } });
      await session.expect(await session.send(delivery), 200, 1);
      const report = await session.expect(await session.send(delivery), 200, 2);
      equal(
        report.records.some(({ code }) => code === "NOT_DEDUPLICATED"),
        true,
        "the notice is there",
      );
    },
  },
  {
    name: 'no id, content that may recur, under repeats: "refuse": runs once',
    stage: stageOf(bare, "refuse"),
    async run(session) {
      const delivery = await session.sign(bare, { payload: { n: 1 } });
      await session.expect(await session.send(delivery), 200, 1);
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "a delivery without its unsigned id goes by the row without one",
    stage: stageOf(body),
    async run(session) {
      const delivery = await session.sign(body, { payload: { n: 1 }, type: "push" });
      await session.expect(await session.send(delivery, { headers: { "x-id": undefined } }), 200, 1);
      await session.expect(await session.send(delivery, { headers: { "x-id": undefined } }), 200, 2);
    },
  },
  {
    name: "an unsigned tenant joins the key: another tenant's name does not swallow the honest event",
    stage: stageOf(shared),
    async run(session) {
      const honest = await session.sign(shared, { payload: { n: 1 }, id: "1", headers: { "x-tenant": "acme" } });
      await session.expect(await session.send(honest, { headers: { "x-tenant": "other" } }), 200, 1);
      const { accepted } = await session.expect(await session.send(honest), 200, 2);
      equal(
        accepted.map(({ tenant, repeats }) => [tenant, repeats]),
        [
          ["other", false],
          ["acme", "done"],
        ],
        "tenants and repeats",
      );
    },
  },
  {
    name: "two tenants of a resolver may use one id each",
    stage: {
      verifier: () => ({
        provider: signedId({ secret: async ({ headers }) => ({ tenant: headers.get("x-tenant") ?? "none", secrets: SECRET }) }),
      }),
    },
    async run(session) {
      for (const [n, tenant] of ["a", "b"].entries()) {
        const delivery = await session.sign(withId, { payload: { type: "t" }, id: "evt_1", headers: { "x-tenant": tenant } });
        await session.expect(await session.send(delivery), 200, n + 1);
      }
    },
  },
  {
    name: "a changed content type does not make a captured delivery another",
    needs: ["any-type"],
    stage: stageOf(unique),
    async run(session) {
      const delivery = await session.sign(unique, { payload: { n: 1 } });
      await session.expect(await session.send(delivery), 200, 1);
      for (const type of ["text/plain", "application/octet-stream", undefined])
        await session.expect(await session.send(delivery, { headers: { "content-type": type } }), 200, 1);
    },
  },
  {
    name: "a changed query does not make a captured delivery another",
    stage: stageOf(withId),
    async run(session) {
      const delivery = await session.sign(withId, { payload: { type: "t" }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      await session.expect(await session.send(delivery, { suffix: "?again=1" }), 200, 1);
    },
  },
  {
    name: "further headers do not make a captured delivery another",
    stage: stageOf(withId),
    async run(session) {
      const delivery = await session.sign(withId, { payload: { type: "t" }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      await session.expect(await session.send(delivery, { headers: { "x-retry": "2", "user-agent": "other" } }), 200, 1);
    },
  },
  {
    name: "a second, wrong signature does not make a captured delivery another",
    stage: stageOf(withId),
    async run(session) {
      const delivery = await session.sign(withId, { payload: { type: "t" }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      const more = `v1,${btoa("0".repeat(32))} ${delivery.headers["x-signature"]}`;
      await session.expect(await session.send(delivery, { headers: { "x-signature": more } }), 200, 1);
    },
  },
  {
    name: "where nobody signs the body, a captured proof under another payload runs nothing",
    stage: stageOf(proofInBody),
    async run(session) {
      const delivery = await session.sign(proofInBody, { payload: { id: "1", amount: 1, proof: { nonce: "n" } } });
      await session.expect(await session.send(delivery), 200, 1);
      const changed = new TextEncoder().encode(new TextDecoder().decode(delivery.body).replace('"amount":1', '"amount":1000'));
      await session.refused(await session.send(delivery, { body: changed }), 503, "REPLAYED", 1);
    },
  },
  {
    name: "a signed URL: the same body at another query is refused",
    needs: ["raw-target"],
    stage: stageOf(url),
    async run(session) {
      const delivery = await session.sign(url, { payload: { id: "1" }, url: `${session.path}?account=1` });
      await session.expect(await session.send(delivery), 200, 1);
      await session.refused(await session.send(delivery, { target: `${session.path}?account=2` }), 401, "SIGNATURE_MISMATCH", 1);
    },
  },
  {
    name: "an event is remembered to the end of its retention",
    stage: { verifier: () => ({ provider: withId, retention: 90_000, tolerance: { past: 80_000, future: 300 } }) },
    async run(session) {
      const delivery = await session.sign(withId, { payload: { type: "t" }, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      await session.advance(79_000);
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
];
