/** Handshakes: they answer and stop, and sign nothing for strangers. */
import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { StageWords } from "../harness.js";
import { getChallenge, handsOver, macChallenge, OTHER_SECRET, SECRET, signedChallenge } from "../providers.js";
import { deliveriesOf } from "../session.js";

const VERIFY_TOKEN = "conformance-verify-token-3Kp8";
const challenge = signedChallenge({ secret: SECRET });
const get = getChallenge({ secret: SECRET, verifyToken: VERIFY_TOKEN });
const mac = macChallenge({ secret: SECRET });
const signedStage: StageWords = { verifier: () => ({ provider: challenge }) };
const getStage: StageWords = { verifier: () => ({ provider: get }) };
const macStage: StageWords = { verifier: () => ({ provider: mac }) };
const asGet = { method: "GET", body: new Uint8Array(), framing: "none" } as const;

export const handshakeCases: readonly ConformanceCase[] = [
  {
    name: "answers a signed challenge, and runs nothing",
    stage: signedStage,
    async run(session) {
      const delivery = await session.sign(challenge, { payload: { id: "1", type: "url_verification", challenge: "abc-123" } });
      const response = await session.send(delivery);
      const report = await session.expect(response, 200, 0);
      equal(response.body, "abc-123", "the echo");
      const headers = new Map(response.headers);
      check(headers.get("content-type")?.startsWith("text/plain") === true, "the echo is not text/plain");
      equal(headers.get("x-content-type-options"), "nosniff", "x-content-type-options");
      equal(deliveriesOf(report).at(-1)?.outcome, "handshake", "outcome");
    },
  },
  {
    name: "refuses a challenge that is not signed by the sender",
    stage: signedStage,
    async run(session) {
      const forged = signedChallenge({ secret: OTHER_SECRET });
      const delivery = await session.sign(forged, { payload: { id: "1", type: "url_verification", challenge: "abc" } });
      const response = await session.send(delivery);
      await session.refused(response, 401, "SIGNATURE_MISMATCH");
      check(!response.body.includes("abc"), "the challenge is in the refusal");
    },
  },
  {
    name: "refuses a signed challenge that is too old",
    stage: signedStage,
    async run(session) {
      const delivery = await session.sign(challenge, { payload: { id: "1", type: "url_verification", challenge: "abc" } });
      await session.advance(301);
      await session.refused(await session.send(delivery), 401, "TIMESTAMP_TOO_OLD");
    },
  },
  {
    name: "refuses a challenge that is too long to echo",
    stage: signedStage,
    async run(session) {
      const delivery = await session.sign(challenge, { payload: { id: "1", type: "url_verification", challenge: "x".repeat(1025) } });
      await session.refused(await session.send(delivery), 401, "HANDSHAKE_REFUSED");
    },
  },
  {
    name: "runs the handler for what is no challenge",
    stage: signedStage,
    async run(session) {
      await session.expect(await session.send(await session.sign(challenge, { payload: { id: "1", type: "event" } })), 200, 1);
    },
  },
  {
    name: "answers a GET challenge with the right token",
    needs: ["methods"],
    stage: getStage,
    async run(session) {
      const delivery = await session.sign(get, { payload: { id: "1" } });
      const response = await session.send(delivery, { ...asGet, suffix: `?mode=subscribe&token=${VERIFY_TOKEN}&challenge=42` });
      await session.expect(response, 200, 0);
      equal(response.body, "42", "the echo");
    },
  },
  ...[
    ["a wrong token", "?mode=subscribe&token=wrong&challenge=42"],
    ["no token", "?mode=subscribe&challenge=42"],
    ["another mode", `?mode=unsubscribe&token=${VERIFY_TOKEN}&challenge=42`],
    ["no question at all", ""],
  ].map(
    ([what, suffix]): ConformanceCase => ({
      name: `refuses a GET challenge with ${what}`,
      needs: ["methods"],
      stage: getStage,
      async run(session) {
        const delivery = await session.sign(get, { payload: { id: "1" } });
        const response = await session.send(delivery, { ...asGet, suffix: suffix ?? "" });
        await session.refused(response, 401, "HANDSHAKE_REFUSED");
        check(!response.body.includes(VERIFY_TOKEN), "the token is in the refusal");
      },
    }),
  ),
  {
    name: "refuses a GET challenge whose token comes twice",
    needs: ["methods"],
    stage: getStage,
    async run(session) {
      const delivery = await session.sign(get, { payload: { id: "1" } });
      const suffix = `?mode=subscribe&token=wrong&token=${VERIFY_TOKEN}&challenge=42`;
      await session.refused(await session.send(delivery, { ...asGet, suffix }), 400, "HEADER_DUPLICATED");
    },
  },
  {
    name: "does not take a challenge's question on a POST for one",
    stage: getStage,
    async run(session) {
      const delivery = await session.sign(get, { payload: { id: "1" } });
      const suffix = `?mode=subscribe&token=${VERIFY_TOKEN}&challenge=42`;
      const response = await session.send(delivery, { suffix });
      await session.expect(response, 200, 1);
      check(!response.body.includes("42"), "the challenge was echoed");
    },
  },
  {
    name: "lists the methods of deliveries and handshakes",
    needs: ["methods"],
    stage: getStage,
    async run(session) {
      const response = await session.send(await session.sign(get, { payload: { id: "1" }, method: "PUT" }));
      await session.refused(response, 405, "METHOD_NOT_ALLOWED");
      equal(response.headers.find(([name]) => name === "allow")?.[1], "POST, GET", "allow");
    },
  },
  {
    name: "answers a token with its MAC",
    needs: ["methods"],
    stage: macStage,
    async run(session) {
      const token = await session.sign(mac, { payload: new TextEncoder().encode("token-123") });
      const response = await session.send(token, { ...asGet, suffix: "?token=token-123" });
      await session.expect(response, 200, 0);
      const hex = token.headers["x-signature"] as string;
      const base64 = btoa((hex.match(/../g) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join(""));
      equal(JSON.parse(response.body), { answer: `sha256=${base64}` }, "the answer");
    },
  },
  ...[
    ["that could be a forged event", encodeURIComponent('{"id":"1"}')],
    ["of 129 characters", "a".repeat(129)],
    ["with a blank", "a%20b"],
    ["with a line break", "a%0Ab"],
    ["with other letters", "%C3%A9"],
    ["that is empty", ""],
  ].map(
    ([what, token]): ConformanceCase => ({
      name: `signs no token ${what}`,
      needs: ["methods"],
      stage: macStage,
      async run(session) {
        const delivery = await session.sign(mac, { payload: { id: "1" } });
        await session.refused(await session.send(delivery, { ...asGet, suffix: `?token=${token}` }), 401, "HANDSHAKE_REFUSED");
      },
    }),
  ),
  {
    name: "refuses a secret that is handed over, where nobody keeps it",
    stage: { verifier: () => ({ provider: handsOver({ secret: SECRET }) }) },
    async run(session) {
      const delivery = await session.sign(handsOver({ secret: SECRET }), { payload: { id: "1" }, headers: { "x-hook-secret": "new" } });
      await session.refused(await session.send(delivery), 401, "HANDSHAKE_REFUSED");
    },
  },
  {
    name: "gives a secret that is handed over to whoever keeps it, and does not verify with it",
    stage: { verifier: () => ({ provider: handsOver({ secret: SECRET, onSecret: async () => {} }) }) },
    async run(session) {
      const handing = await session.sign(handsOver({ secret: SECRET }), {
        payload: { id: "1" },
        headers: { "x-hook-secret": OTHER_SECRET },
      });
      await session.expect(await session.send(handing), 200, 0);
      const forged = await session.sign(handsOver({ secret: OTHER_SECRET }), { payload: { id: "2" } });
      await session.refused(await session.send(forged), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "answers 503 when whoever keeps the secret fails",
    stage: {
      verifier: () => ({
        provider: handsOver({
          secret: SECRET,
          onSecret: async () => {
            throw new Error("the vault is sealed");
          },
        }),
      }),
    },
    async run(session) {
      const handing = await session.sign(handsOver({ secret: SECRET }), {
        payload: { id: "1" },
        headers: { "x-hook-secret": OTHER_SECRET },
      });
      await session.refused(await session.send(handing), 503, "SECRETS_UNAVAILABLE");
    },
  },
];
