/** What becomes the payload, beyond JSON in a POST. */
import { defineProvider } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import { SECRET } from "../providers.js";

const mac = { algorithm: "hmac-sha256", secret: "utf8", signature: { from: "header:x-signature", encoding: "hex" } } as const;

/** All stands in the URL of a GET. */
const inQuery = defineProvider({ ...mac, name: "in-query", methods: ["GET"], content: "{url}", id: "query:id", type: "query:type" })({
  secret: SECRET,
  publicUrl: "https://hooks.example",
});

/** JSON by itself, or in a form's field. */
const mayBeForm = defineProvider({ ...mac, name: "may-be-form", content: "{body}", payload: "form:payload", type: "header:x-type" })({
  secret: SECRET,
});

export const payloadCases: readonly ConformanceCase[] = [
  {
    name: "delivers the signed query of a GET as an object, and knows a retry of it",
    needs: ["methods"],
    stage: { verifier: () => ({ provider: inQuery }) },
    async run(session) {
      const payload = { id: "1", type: "ringing", digits: ["1", "2"], name: "é x" };
      const delivery = await session.sign(inQuery, { method: "GET", payload });
      const bare = { framing: "none" } as const;
      const { accepted } = await session.expect(await session.send(delivery, bare), 200, 1);
      const [event] = accepted;
      equal([event?.id, event?.type, event?.payload], ["1", "ringing", payload], "event");
      equal(event?.signed, { id: true, type: true, timestamp: false, body: false, payload: false, url: true }, "signed");
      await session.expect(await session.send(delivery, bare), 200, 1);
      await session.refused(await session.send(delivery, { ...bare, target: `${delivery.url}&digits=3` }), 401, "SIGNATURE_MISMATCH", 1);
    },
  },
  {
    name: "delivers text as bytes, though the sender may put its JSON into a form",
    needs: ["any-type"],
    stage: { verifier: () => ({ provider: mayBeForm }) },
    async run(session) {
      const send = async (payload: unknown, type: string) =>
        session.send(await session.sign(mayBeForm, { payload, headers: { "content-type": type } }));
      await session.expect(await send("<a>100%</a>", "text/plain"), 200, 1);
      await session.expect(await send('{"a":1}', "text/plain"), 200, 2);
      const { accepted } = await session.expect(await send({ a: 2 }, "application/x-www-form-urlencoded"), 200, 3);
      equal(
        accepted.map(({ payload }) => payload),
        ["bytes", { a: 1 }, { a: 2 }],
        "payloads",
      );
    },
  },
];
