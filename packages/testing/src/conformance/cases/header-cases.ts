/** Security headers: there, single, bounded; and nothing else about them matters. */
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import type { StageWords } from "../harness.js";
import { bearer, fields, SECRET, signedId } from "../providers.js";

const sender = signedId({ secret: SECRET });
const stage: StageWords = { verifier: () => ({ provider: sender }) };
const withToken: StageWords = { verifier: () => ({ provider: bearer({ secret: SECRET }) }) };
const withFields: StageWords = { verifier: () => ({ provider: fields({ secret: SECRET }) }) };
const payload = { type: "t" };
const SECURITY = ["x-signature", "x-time", "x-id"] as const;

const upper = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

export const headerCases: readonly ConformanceCase[] = [
  ...SECURITY.map(
    (name): ConformanceCase => ({
      name: `refuses a delivery without its ${name}`,
      stage,
      async run(session) {
        const delivery = await session.sign(sender, { payload });
        await session.refused(await session.send(delivery, { headers: { [name]: undefined } }), 401, "HEADER_MISSING");
      },
    }),
  ),
  ...SECURITY.map(
    (name): ConformanceCase => ({
      name: `refuses a delivery whose ${name} is empty`,
      stage,
      async run(session) {
        const delivery = await session.sign(sender, { payload });
        await session.refused(await session.send(delivery, { headers: { [name]: "" } }), 401, "HEADER_MISSING");
      },
    }),
  ),
  ...SECURITY.map(
    (name): ConformanceCase => ({
      name: `refuses a delivery whose ${name} comes twice, though both are equal`,
      needs: ["sockets"],
      stage,
      async run(session) {
        const delivery = await session.sign(sender, { payload });
        const line = [upper(name), delivery.headers[name] as string] as const;
        await session.refused(await session.send(delivery, { lines: [line] }), 400, "HEADER_DUPLICATED");
      },
    }),
  ),
  ...SECURITY.map(
    (name): ConformanceCase => ({
      name: `refuses a delivery whose ${name} has more than 8 KiB`,
      stage,
      async run(session) {
        const delivery = await session.sign(sender, { payload });
        const long = `${delivery.headers[name]}${"A".repeat(8200)}`;
        await session.refused(await session.send(delivery, { headers: { [name]: long } }), 400, "HEADER_MALFORMED");
      },
    }),
  ),
  {
    name: "answers all failures to authenticate alike, however early they are found",
    needs: ["sockets"],
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const missing = SECURITY.map((name) => ({ [name]: undefined }));
      const wrong = [{ "x-signature": "" }, { "x-signature": `v1,${btoa("0".repeat(32))}` }, { "x-time": "1" }, { "x-time": "yesterday" }];
      const replies = new Set<string>();
      for (const change of [...missing, ...wrong]) {
        const { status, headers, body } = await session.send(delivery, { headers: { connection: "keep-alive", ...change } });
        // a body that arrives after its head is refused with the connection's end
        const lines = headers.filter(([name]) => !["date", "connection", "keep-alive"].includes(name)).map((line) => line.join(": "));
        replies.add([status, ...lines.sort(), body].join("\n"));
      }
      equal(
        [...replies].map((reply) => reply.slice(0, 3)),
        ["401"],
        "statuses of different replies",
      );
    },
  },
  {
    name: "looks at sixteen signatures",
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const wrong = `v1,${btoa("0".repeat(32))}`;
      const many = [...Array<string>(15).fill(wrong), delivery.headers["x-signature"]].join(" ");
      await session.expect(await session.send(delivery, { headers: { "x-signature": many } }), 200, 1);
    },
  },
  {
    name: "refuses seventeen signatures",
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const wrong = `v1,${btoa("0".repeat(32))}`;
      const many = [...Array<string>(16).fill(wrong), delivery.headers["x-signature"]].join(" ");
      await session.refused(await session.send(delivery, { headers: { "x-signature": many } }), 400, "HEADER_MALFORMED");
    },
  },
  {
    name: "does not care for the case of header names",
    needs: ["sockets"],
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const request = session.toRequest(delivery);
      const headers = request.headers.map(([name, value], n) => [n % 2 === 0 ? name.toUpperCase() : upper(name), value] as const);
      await session.expect(await session.sendRaw({ ...request, headers }), 200, 1);
    },
  },
  {
    name: "does not care for the order of headers",
    needs: ["sockets"],
    stage,
    async run(session) {
      const request = session.toRequest(await session.sign(sender, { payload }));
      await session.expect(await session.sendRaw({ ...request, headers: [...request.headers].reverse() }), 200, 1);
    },
  },
  {
    name: "does not care for blanks around header values",
    needs: ["sockets"],
    stage,
    async run(session) {
      const request = session.toRequest(await session.sign(sender, { payload }));
      const headers = request.headers.map(([name, value]) => [name, ` \t${value}\t `] as const);
      await session.expect(await session.sendRaw({ ...request, headers }), 200, 1);
    },
  },
  {
    name: "does not care for headers that it does not know, however often they come",
    stage,
    async run(session) {
      const lines = Array.from({ length: 20 }, (_, n) => [`X-Other-${n % 10}`, `value ${n}`] as const);
      await session.expect(await session.send(await session.sign(sender, { payload }), { lines }), 200, 1);
    },
  },
  {
    name: "refuses a field that stands twice in the signature's list",
    stage: withFields,
    async run(session) {
      const delivery = await session.sign(fields({ secret: SECRET }), { payload: { id: "evt_1" } });
      const twice = `${delivery.headers["x-signature"]},t=1`;
      await session.refused(await session.send(delivery, { headers: { "x-signature": twice } }), 400, "HEADER_DUPLICATED");
    },
  },
  {
    name: "passes over fields that it does not know",
    stage: withFields,
    async run(session) {
      const delivery = await session.sign(fields({ secret: SECRET }), { payload: { id: "evt_1" } });
      const more = `v0=00,${delivery.headers["x-signature"]},v9=zz,x`;
      await session.expect(await session.send(delivery, { headers: { "x-signature": more } }), 200, 1);
    },
  },
  {
    name: "refuses a token that comes twice",
    needs: ["sockets"],
    stage: withToken,
    async run(session) {
      const delivery = await session.sign(bearer({ secret: SECRET }), { payload, id: "1" });
      const line = ["Authorization", delivery.headers.authorization as string] as const;
      const response = await session.send(delivery, { lines: [line] });
      await session.refused(response, 400, "HEADER_DUPLICATED");
    },
  },
  {
    name: "refuses a token under another scheme's word",
    stage: withToken,
    async run(session) {
      const delivery = await session.sign(bearer({ secret: SECRET }), { payload, id: "1" });
      await session.refused(await session.send(delivery, { headers: { authorization: `Basic ${SECRET}` } }), 401, "HEADER_MISSING");
    },
  },
  {
    name: "refuses two lengths",
    needs: ["sockets"],
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const response = await session.send(delivery, { lines: [["Content-Length", "3"]] });
      await session.expect(response, 400, 0);
    },
  },
  {
    name: "refuses a length beside chunks",
    needs: ["sockets"],
    stage,
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const response = await session.send(delivery, { framing: "chunked", lines: [["Content-Length", "3"]] });
      await session.expect(response, 400, 0);
    },
  },
];
