/** The exact bytes of bodies, and their limits. */

import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { StageWords } from "../harness.js";
import { nameless, SECRET, signedId } from "../providers.js";

const sender = signedId({ secret: SECRET });
const plain = nameless({ secret: SECRET });
const stage: StageWords = { verifier: () => ({ provider: sender }) };
const plainStage: StageWords = { verifier: () => ({ provider: plain }) };
const utf8 = new TextEncoder();
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const BINARY = { "content-type": "application/octet-stream" };

export const byteCases: readonly ConformanceCase[] = [
  {
    name: "accepts a genuine delivery, and shows its event",
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload: { type: "a.b", n: 1 }, id: "evt_1" });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      const [event] = accepted;
      equal([event?.id, event?.type, event?.payload], ["evt_1", "a.b", { type: "a.b", n: 1 }], "event");
      equal(event?.body, toHex(delivery.body), "raw body");
      equal(event?.signed, { id: true, type: true, timestamp: true, body: true, payload: true, url: false }, "signed");
    },
  },
  {
    name: "verifies UTF-8 whose characters are split between chunks",
    needs: ["sockets"],
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload: { type: "é", text: "漢字 🎉" } });
      const pieces = Array.from(delivery.body, (byte) => Uint8Array.of(byte));
      const { accepted } = await session.expect(await session.send(delivery, { body: pieces, framing: "chunked" }), 200, 1);
      equal(accepted[0]?.body, toHex(delivery.body), "raw body");
    },
  },
  {
    name: "verifies a body that comes in several packets under a length",
    needs: ["sockets"],
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload: { type: "é", text: "漢字" } });
      const pieces = Array.from(delivery.body, (byte) => Uint8Array.of(byte));
      await session.expect(await session.send(delivery, { body: pieces, framing: delivery.body.length }), 200, 1);
    },
  },
  {
    name: "verifies bytes that are no UTF-8",
    needs: ["any-type"],
    stage: plainStage,
    async run(session) {
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const delivery = await session.sign(plain, { payload: body, headers: BINARY });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.body, toHex(body), "raw body");
    },
  },
  {
    name: "verifies a body with a byte order mark, and skips the mark in parsing alone",
    stage,
    async run(session) {
      const body = Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8.encode('{"type":"t"}'));
      const delivery = await session.sign(sender, { payload: body, headers: { "content-type": "application/json" } });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal([accepted[0]?.body, accepted[0]?.payload], [toHex(body), { type: "t" }], "body and payload");
    },
  },
  {
    name: "accepts an empty body that is signed, with no payload",
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: new Uint8Array() });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal([accepted[0]?.body, accepted[0]?.payload], ["", undefined], "body and payload");
    },
  },
  {
    name: "accepts a signed empty body that comes with no length at all",
    needs: ["sockets"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: new Uint8Array() });
      await session.expect(await session.send(delivery, { framing: "none" }), 200, 1);
    },
  },
  {
    name: "accepts a signed empty body in chunks",
    needs: ["sockets", "any-type"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: new Uint8Array() });
      await session.expect(await session.send(delivery, { framing: "chunked" }), 200, 1);
    },
  },
  {
    name: "keeps every space and line break of the JSON",
    stage,
    async run(session) {
      const body = utf8.encode('{ "type" :\r\n\t"t",  "n": 1.0 }\n');
      const delivery = await session.sign(sender, { payload: body, headers: { "content-type": "application/json" } });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.body, toHex(body), "raw body");
    },
  },
  {
    name: "refuses JSON that was written anew",
    stage,
    async run(session) {
      const body = utf8.encode('{"type": "t"}');
      const delivery = await session.sign(sender, { payload: body, headers: { "content-type": "application/json" } });
      await session.refused(await session.send(delivery, { body: utf8.encode('{"type":"t"}') }), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "keeps text that a string replacement would change",
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload: { type: "t", text: "$& $1 $$ $` {body} {id}" } });
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "does not let a payload reach prototypes",
    needs: ["streams"],
    stage,
    async run(session) {
      const body = utf8.encode('{"type":"t","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
      const delivery = await session.sign(sender, { payload: body, headers: { "content-type": "application/json" } });
      await session.expect(await session.send(delivery), 200, 1);
      check(!("polluted" in {}), "Object.prototype is polluted");
    },
  },
  {
    name: "delivers a form as an object, whose fields may come several times",
    stage: plainStage,
    async run(session) {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const delivery = await session.sign(plain, { payload: utf8.encode("a=1&b=%C3%A9+x&a=2"), headers });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.payload, { a: ["1", "2"], b: "é x" }, "payload");
    },
  },
  {
    name: "delivers bytes of any other type as bytes",
    needs: ["any-type"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: utf8.encode('{"a":1}'), headers: BINARY });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.payload, "bytes", "payload");
    },
  },
  {
    name: "refuses a genuine body that claims to be JSON and is not",
    needs: ["streams"],
    stage,
    async run(session) {
      const headers = { "content-type": "application/json" };
      const delivery = await session.sign(sender, { payload: utf8.encode('{"type":"t"'), headers });
      await session.refused(await session.send(delivery), 400, "PAYLOAD_MALFORMED");
    },
  },
  {
    name: "refuses genuine JSON that is no UTF-8",
    needs: ["streams"],
    stage,
    async run(session) {
      const body = Uint8Array.of(0x22, 0xff, 0x22);
      const delivery = await session.sign(sender, { payload: body, headers: { "content-type": "application/json" } });
      await session.refused(await session.send(delivery), 400, "PAYLOAD_MALFORMED");
    },
  },
];
