/** Limits of bodies in size and time, and who has read them before. */
import { memoryStore } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { StageWords } from "../harness.js";
import { nameless, SECRET, signedId, uniqueBody } from "../providers.js";
import { toChunk } from "../raw-client.js";

const sender = signedId({ secret: SECRET });
const plain = nameless({ secret: SECRET });
const stage: StageWords = { verifier: () => ({ provider: sender }) };
const plainStage: StageWords = { verifier: () => ({ provider: plain }) };
const limited: StageWords = { verifier: () => ({ provider: plain, maxBytes: 1000 }) };
const utf8 = new TextEncoder();
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const filled = (length: number): Uint8Array => new Uint8Array(length).fill(0x61);
/** More bytes than the two ends of a connection buffer: who takes them reads them. */
const MORE_THAN_BUFFERS = 64 * 1024 * 1024;
const BINARY = { "content-type": "application/octet-stream" };

export const bodyLimitCases: readonly ConformanceCase[] = [
  {
    name: "accepts a body one byte under the limit, and one of exactly the limit",
    needs: ["any-type"],
    stage: limited,
    async run(session) {
      const under = await session.sign(plain, { payload: filled(999), headers: BINARY });
      await session.expect(await session.send(under), 200, 1);
      const exact = await session.sign(plain, { payload: filled(1000), headers: BINARY });
      await session.expect(await session.send(exact), 200, 2);
    },
  },
  {
    name: "refuses a body one byte over the limit by its declared length",
    needs: ["streams"],
    stage: limited,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(1001), headers: BINARY });
      await session.refused(await session.send(delivery), 413, "BODY_TOO_LARGE");
    },
  },
  {
    name: "refuses a body one byte over the limit that declares no length",
    needs: ["sockets", "streams"],
    stage: limited,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(1001), headers: BINARY });
      const pieces = [delivery.body.subarray(0, 1000), delivery.body.subarray(1000)];
      await session.refused(await session.send(delivery, { body: pieces, framing: "chunked" }), 413, "BODY_TOO_LARGE");
    },
  },
  {
    name: "answers a far too long declared body before it has come, and closes the connection",
    needs: ["sockets", "streams", "closes"],
    stage: limited,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: BINARY });
      const connection = await session.begin(session.toRequest(delivery, { framing: 10_000_000, headers: { connection: "keep-alive" } }));
      const response = await connection.response;
      await session.refused(response, 413, "BODY_TOO_LARGE");
      check(
        response.headers.some(([name, value]) => name === "connection" && value.toLowerCase() === "close"),
        "the reply does not say that the connection closes",
      );
    },
  },
  {
    name: "stops reading an endless body in chunks",
    needs: ["sockets", "streams"],
    stage: limited,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: BINARY });
      const closes = session.has("closes");
      const connection = await session.begin(session.toRequest(delivery, { framing: "chunked" }), { stays: closes });
      try {
        await connection.write(toChunk(filled(4096)));
        // the body has not ended, and only waits: whoever writes while it is cut off may lose the reply
        await session.refused(await connection.response, 413, "BODY_TOO_LARGE");
        if (closes) await connection.writeUntilClosed(toChunk(filled(16_384)), MORE_THAN_BUFFERS);
      } finally {
        connection.destroy();
      }
    },
  },
  {
    name: "reports a body that ends before its declared length, and runs nothing",
    needs: ["sockets", "streams"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: BINARY });
      const connection = await session.begin(session.toRequest(delivery, { framing: 20 }));
      await connection.write(delivery.body);
      connection.end();
      const report = await session.until("the short body is recorded", ({ records }) =>
        records.some(({ code }) => code === "BODY_INCOMPLETE"),
      );
      equal(report.accepted.length, 0, "runs of the handler");
    },
  },
  {
    name: "takes no more than the declared length as the body",
    needs: ["sockets", "any-type"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: BINARY });
      const more = new Uint8Array([...delivery.body, ...utf8.encode("trailing")]);
      // what follows may be answered for itself, as a bad second request
      await session.send(delivery, { body: more, framing: 10 });
      const { accepted } = await session.until("it has run", (report) => report.accepted.length === 1);
      equal(accepted[0]?.body, toHex(delivery.body), "raw body");
    },
  },
  {
    name: "reports a body that is broken off, and runs nothing",
    needs: ["sockets", "streams"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: BINARY });
      const connection = await session.begin(session.toRequest(delivery, { framing: "chunked" }));
      await connection.write(toChunk(delivery.body));
      connection.destroy();
      const report = await session.until("the abort is recorded", ({ records }) => records.some(({ code }) => code === "BODY_INCOMPLETE"));
      equal(report.accepted.length, 0, "runs of the handler");
    },
  },
  {
    name: "gives a slow body up when its time is over",
    needs: ["sockets", "streams"],
    stage: { verifier: () => ({ provider: plain, bodyTimeout: 0.1 }) },
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: BINARY });
      const connection = await session.begin(session.toRequest(delivery));
      await connection.write(delivery.body.subarray(0, 5));
      await session.refused(await connection.response, 408, "BODY_TIMEOUT");
    },
  },
  {
    name: "refuses more bodies than may be read at once, and takes the next when they are gone",
    needs: ["sockets", "streams"],
    stage: { verifier: () => ({ provider: plain, maxBytes: 1000, maxBytesInFlight: 1000 }) },
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(900), headers: BINARY });
      const held = await session.begin(session.toRequest(delivery));
      await held.write(delivery.body.subarray(0, 899));
      let response = await session.send(delivery);
      // the first body's bytes may still be on their way: until they are counted, others pass
      for (let tries = 0; response.status === 200 && tries < 50; tries++) response = await session.send(delivery);
      equal(response.status, 503, "status while the memory is taken");
      await held.write(delivery.body.subarray(899));
      equal((await held.response).status, 200, "status of the body that was there first");
      equal((await session.send(delivery)).status, 200, "status afterwards");
    },
  },
  {
    name: "refuses a content encoding that nobody has allowed",
    needs: ["streams"],
    stage: plainStage,
    async run(session) {
      const delivery = await session.sign(plain, { payload: filled(10), headers: { ...BINARY, "content-encoding": "gzip" } });
      await session.refused(await session.send(delivery), 415, "CONTENT_ENCODING_REFUSED");
    },
  },
  {
    name: "remembers nothing of a delivery that has not proven itself",
    stage: {
      verifier: ({ clock }) => ({ provider: uniqueBody({ secret: SECRET }), store: memoryStore({ now: clock.now, maxClaims: 2 }) }),
    },
    async run(session) {
      const genuine = uniqueBody({ secret: SECRET });
      for (let n = 0; n < 5; n++) {
        const forged = await session.sign(genuine, { payload: { n } });
        await session.refused(await session.send(forged, { headers: { "x-time": "1" } }), 401, "SIGNATURE_MISMATCH");
      }
      await session.expect(await session.send(await session.sign(genuine, { payload: { n: 0 } })), 200, 1);
    },
  },
  {
    name: "reports a body that a parser has taken as the operator's fault",
    needs: ["parsed-first"],
    stage: { ...stage, parser: "json" },
    async run(session) {
      const delivery = await session.sign(sender, { payload: { type: "t" } });
      await session.refused(await session.send(delivery), 500, "BODY_ALREADY_PARSED");
    },
  },
  {
    name: "verifies what a parser kept of a body",
    needs: ["parsed-kept"],
    stage: { ...stage, parser: "json-kept" },
    async run(session) {
      const body = utf8.encode('{ "type" : "é" }');
      const delivery = await session.sign(sender, { payload: body, headers: { "content-type": "application/json" } });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.body, toHex(body), "raw body");
    },
  },
  {
    name: "refuses a changed body that a parser kept",
    needs: ["parsed-kept"],
    stage: { ...stage, parser: "json-kept" },
    async run(session) {
      const delivery = await session.sign(sender, { payload: { type: "t" } });
      await session.refused(await session.send(delivery, { body: utf8.encode('{"type":"u"}') }), 401, "SIGNATURE_MISMATCH");
    },
  },
];
