/** Secrets and who resolves them, and every kind of proof. */
import type { Provider } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import type { StageWords } from "../harness.js";
import {
  bearer,
  fields,
  formSigned,
  inBody,
  keyPair,
  nameless,
  OTHER_SECRET,
  PRIVATE_KEY,
  PUBLIC_KEY,
  plainHash,
  SECRET,
  signedId,
  urlSigned,
} from "../providers.js";

const stageOf = (provider: Provider): StageWords => ({ verifier: () => ({ provider }) });
const sender = signedId({ secret: SECRET });
const other = signedId({ secret: OTHER_SECRET });
const pair = keyPair({ publicKey: PUBLIC_KEY });
const url = urlSigned({ secret: SECRET, publicUrl: "https://hooks.example" });
const payload = { type: "t", id: "evt_1", text: "some text" };

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));
const resolving = (resolver: () => Promise<{ tenant: string | null; secrets: string | string[] } | undefined>): StageWords => ({
  verifier: () => ({ provider: signedId({ secret: resolver }), secretTimeout: 0.1 }),
});

export const secretCases: readonly ConformanceCase[] = [
  {
    name: "finds its signature among those of other versions",
    stage: stageOf(sender),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const among = `v0,AAAA v2,BBBB ${delivery.headers["x-signature"]} v1a,CCCC`;
      await session.expect(await session.send(delivery, { headers: { "x-signature": among } }), 200, 1);
    },
  },
  {
    name: "refuses a delivery signed with another secret",
    stage: stageOf(sender),
    async run(session) {
      await session.refused(await session.send(await session.sign(other, { payload })), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "takes the old secret and the new one while they rotate, and names which fitted",
    stage: stageOf(signedId({ secret: [{ id: "new", value: OTHER_SECRET }, SECRET] })),
    async run(session) {
      await session.expect(await session.send(await session.sign(sender, { payload })), 200, 1);
      const { accepted } = await session.expect(await session.send(await session.sign(other, { payload })), 200, 2);
      equal(
        accepted.map(({ keyId }) => keyId),
        ["1", "new"],
        "names of the secrets",
      );
    },
  },
  {
    name: "knows a delivery again that was signed under two secrets and stripped to one",
    stage: stageOf(signedId({ secret: [SECRET, OTHER_SECRET] })),
    async run(session) {
      const first = await session.sign(sender, { payload, id: "evt_1" });
      const second = await session.sign(other, { payload, id: "evt_1" });
      const both = `${second.headers["x-signature"]} ${first.headers["x-signature"]}`;
      await session.expect(await session.send(first, { headers: { "x-signature": both } }), 200, 1);
      await session.expect(await session.send(second), 200, 1);
      await session.expect(await session.send(first), 200, 1);
    },
  },
  {
    name: "takes the secrets of a resolver, and names the tenant",
    stage: resolving(async () => ({ tenant: "acme", secrets: [OTHER_SECRET, SECRET] })),
    async run(session) {
      const { accepted } = await session.expect(await session.send(await session.sign(sender, { payload })), 200, 1);
      equal([accepted[0]?.tenant, accepted[0]?.keyId], ["acme", "1"], "tenant and key");
    },
  },
  {
    name: "answers an unknown tenant like a wrong signature",
    stage: resolving(async () => undefined),
    async run(session) {
      await session.refused(await session.send(await session.sign(sender, { payload })), 401, "TENANT_UNKNOWN");
    },
  },
  {
    name: "answers 503 while a resolver throws",
    stage: resolving(async () => {
      throw new Error("the vault is sealed");
    }),
    async run(session) {
      const response = await session.send(await session.sign(sender, { payload }));
      await session.refused(response, 503, "SECRETS_UNAVAILABLE");
      equal(
        response.headers.some(([name]) => name === "retry-after"),
        true,
        "retry-after is there",
      );
    },
  },
  {
    name: "answers 503 when a resolver takes too long",
    stage: resolving(() => new Promise(() => {})),
    async run(session) {
      await session.refused(await session.send(await session.sign(sender, { payload })), 503, "SECRETS_UNAVAILABLE");
    },
  },
  ...["", "   ", "undefined", "null"].map(
    (secret): ConformanceCase => ({
      name: `answers 500 when a resolver gives ${JSON.stringify(secret)} for a secret`,
      stage: resolving(async () => ({ tenant: null, secrets: secret })),
      async run(session) {
        const empty = await session.sign(sender, { payload });
        await session.refused(await session.send(empty), 500, "MISCONFIGURED");
      },
    }),
  ),
  {
    name: "answers 500 when a resolver gives no secret at all",
    stage: resolving(async () => ({ tenant: "acme", secrets: [] })),
    async run(session) {
      await session.refused(await session.send(await session.sign(sender, { payload })), 500, "MISCONFIGURED");
    },
  },
  {
    name: "accepts fields in one header",
    stage: stageOf(fields({ secret: SECRET })),
    async run(session) {
      const delivery = await session.sign(fields({ secret: SECRET }), { payload });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.id, "evt_1", "id");
    },
  },
  {
    name: "accepts a key pair's signature, and refuses it on another body",
    stage: stageOf(pair),
    async run(session) {
      const delivery = await session.sign(pair, { payload, privateKey: PRIVATE_KEY });
      await session.refused(await session.send(delivery, { body: flip(delivery.body, 3) }), 401, "SIGNATURE_MISMATCH");
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "accepts a plain hash with the secret in it, and refuses one without",
    stage: stageOf(plainHash({ secret: SECRET })),
    async run(session) {
      const genuine = plainHash({ secret: SECRET });
      const forged = await session.sign(plainHash({ secret: OTHER_SECRET }), { payload });
      await session.refused(await session.send(forged), 401, "SIGNATURE_MISMATCH");
      await session.expect(await session.send(await session.sign(genuine, { payload })), 200, 1);
    },
  },
  {
    name: "accepts the shared token alone",
    stage: stageOf(bearer({ secret: SECRET })),
    async run(session) {
      const delivery = await session.sign(bearer({ secret: SECRET }), { payload, id: "1" });
      for (const token of [SECRET.slice(1), `${SECRET}x`, SECRET.toUpperCase(), OTHER_SECRET])
        await session.refused(await session.send(delivery, { headers: { authorization: `Bearer ${token}` } }), 401, "SIGNATURE_MISMATCH");
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(Object.values(accepted[0]?.signed ?? { none: true }).some(Boolean), false, "a token signs anything");
    },
  },
  {
    name: "accepts a proof that stands in the body",
    stage: stageOf(inBody({ secret: SECRET })),
    async run(session) {
      const genuine = inBody({ secret: SECRET });
      const delivery = await session.sign(genuine, { payload: { id: "1", proof: { nonce: "n1" } } });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal([accepted[0]?.signed.timestamp, accepted[0]?.signed.body], [true, false], "signed");
    },
  },
  {
    name: "refuses a changed proof in the body",
    stage: stageOf(inBody({ secret: SECRET })),
    async run(session) {
      const delivery = await session.sign(inBody({ secret: SECRET }), { payload: { id: "1", proof: { nonce: "n1" } } });
      const changed = new TextEncoder().encode(new TextDecoder().decode(delivery.body).replace("n1", "n2"));
      await session.refused(await session.send(delivery, { body: changed }), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "refuses a proof in a body that is nested without end",
    needs: ["streams"],
    stage: stageOf(inBody({ secret: SECRET })),
    async run(session) {
      const delivery = await session.sign(inBody({ secret: SECRET }), { payload: { id: "1", proof: { nonce: "n1" } } });
      const deep = new TextEncoder().encode(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
      await session.refused(await session.send(delivery, { body: deep }), 400, "PAYLOAD_MALFORMED");
    },
  },
  {
    name: "accepts signed parameters of a form, and refuses one more",
    stage: stageOf(formSigned({ secret: SECRET })),
    async run(session) {
      const delivery = await session.sign(formSigned({ secret: SECRET }), { payload: { id: "1", b: "é & x", a: "2" } });
      const more = new Uint8Array([...delivery.body, ...new TextEncoder().encode("&c=3")]);
      await session.refused(await session.send(delivery, { body: more }), 401, "SIGNATURE_MISMATCH");
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "takes the URL's origin from the configuration and path and query as received",
    needs: ["raw-target"],
    stage: stageOf(url),
    async run(session) {
      const delivery = await session.sign(url, { payload, url: `${session.path}?a=%7e&b=x+y&a=%C3%A9` });
      const response = await session.send(delivery, { headers: { host: "elsewhere.example" } });
      const { accepted } = await session.expect(response, 200, 1);
      equal(accepted[0]?.signed.url, true, "the URL is signed");
    },
  },
  {
    name: "refuses a signed URL whose query was changed, sorted or decoded",
    needs: ["raw-target"],
    stage: stageOf(url),
    async run(session) {
      const delivery = await session.sign(url, { payload, url: `${session.path}?b=1&a=%7e` });
      for (const query of ["?b=2&a=%7e", "?a=%7e&b=1", "?b=1&a=~", "?b=1&a=%7E", "?b=1&a=%7e&", "?b=1"])
        await session.refused(await session.send(delivery, { target: session.path + query }), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "refuses an unsigned delivery",
    stage: stageOf(nameless({ secret: SECRET })),
    async run(session) {
      const delivery = await session.sign(nameless({ secret: SECRET }), { payload });
      await session.refused(await session.send(delivery, { headers: { "x-signature": undefined } }), 401, "HEADER_MISSING");
    },
  },
];
