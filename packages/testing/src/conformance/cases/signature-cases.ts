/** Signatures: every bit of what is signed, and one way to write it. */
import type { Provider } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import type { StageWords } from "../harness.js";
import { bodyAlone, SECRET, signedId } from "../providers.js";

const stageOf = (provider: Provider): StageWords => ({ verifier: () => ({ provider }) });
const sender = signedId({ secret: SECRET });
const hexSender = bodyAlone({ secret: SECRET });
const payload = { type: "t", id: "evt_1", text: "some text" };

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));
/** Changes one character for another of the same alphabet. */
const flipText = (text: string, at: number): string => text.slice(0, at) + (text[at] === "1" ? "2" : "1") + text.slice(at + 1);

const refusedSignature = (name: string, signature: (genuine: string) => string, status: number, code: string): ConformanceCase => ({
  name,
  stage: stageOf(hexSender),
  async run(session) {
    const delivery = await session.sign(hexSender, { payload, id: "1" });
    const changed = signature(delivery.headers["x-signature"] as string);
    await session.refused(await session.send(delivery, { headers: { "x-signature": changed } }), status, code);
  },
});

export const signatureCases: readonly ConformanceCase[] = [
  {
    name: "refuses a body with any one bit changed",
    needs: ["streams"],
    stage: stageOf(sender),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      for (let at = 0; at < delivery.body.length; at += 5)
        await session.refused(await session.send(delivery, { body: flip(delivery.body, at) }), 401, "SIGNATURE_MISMATCH");
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
  {
    name: "refuses a body that is good JSON still, with one letter changed",
    stage: stageOf(sender),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const changed = new TextEncoder().encode(new TextDecoder().decode(delivery.body).replace("some", "Some"));
      await session.refused(await session.send(delivery, { body: changed }), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "refuses a signature with any one digit changed",
    stage: stageOf(hexSender),
    async run(session) {
      const delivery = await session.sign(hexSender, { payload, id: "1" });
      const genuine = delivery.headers["x-signature"] as string;
      for (let at = "sha256=".length; at < genuine.length; at += 9)
        await session.refused(
          await session.send(delivery, { headers: { "x-signature": flipText(genuine, at) } }),
          401,
          "SIGNATURE_MISMATCH",
        );
    },
  },
  ...(["x-id", "x-time"] as const).map(
    (name): ConformanceCase => ({
      name: `refuses a signed ${name} that was changed`,
      stage: stageOf(sender),
      async run(session) {
        const delivery = await session.sign(sender, { payload, id: "evt_12" });
        const value = delivery.headers[name] as string;
        const changed = flipText(value, value.length - 1);
        await session.refused(await session.send(delivery, { headers: { [name]: changed } }), 401, "SIGNATURE_MISMATCH");
      },
    }),
  ),
  {
    name: "refuses bytes moved from the body to what is signed before it",
    needs: ["any-type"],
    stage: stageOf(sender),
    async run(session) {
      const delivery = await session.sign(sender, { payload: new TextEncoder().encode("123"), id: "e" });
      const time = delivery.headers["x-time"] as string;
      const response = await session.send(delivery, { headers: { "x-id": `e.${time}` }, body: new TextEncoder().encode(`${time}.123`) });
      await session.refused(response, 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "takes hexadecimal in either case as one signature",
    stage: stageOf(hexSender),
    async run(session) {
      const delivery = await session.sign(hexSender, { payload, id: "1" });
      const upper = (delivery.headers["x-signature"] as string).slice(7).toUpperCase();
      await session.expect(await session.send(delivery, { headers: { "x-signature": `sha256=${upper}` } }), 200, 1);
    },
  },
  {
    name: "knows a captured delivery again by whatever case its signature is written in",
    stage: stageOf(hexSender),
    async run(session) {
      const delivery = await session.sign(hexSender, { payload, id: "1" });
      await session.expect(await session.send(delivery), 200, 1);
      const upper = (delivery.headers["x-signature"] as string).slice(7).toUpperCase();
      const report = await session.expect(await session.send(delivery, { headers: { "x-signature": `sha256=${upper}` } }), 200, 1);
      equal(report.records.at(-1)?.duplicate, "exact", "kind of duplicate");
    },
  },
  refusedSignature("refuses a prefix without a signature", () => "sha256=", 400, "HEADER_MALFORMED"),
  refusedSignature("refuses a signature without its prefix", (genuine) => genuine.slice(7), 401, "HEADER_MISSING"),
  refusedSignature("refuses a prefix in another case", (genuine) => genuine.replace("sha256=", "SHA256="), 401, "HEADER_MISSING"),
  refusedSignature("refuses a signature that claims another algorithm", (genuine) => genuine.replace("256", "1"), 401, "HEADER_MISSING"),
  refusedSignature("refuses a signature that is cut off", (genuine) => genuine.slice(0, -2), 401, "SIGNATURE_MISMATCH"),
  refusedSignature("refuses a signature with half a byte", (genuine) => genuine.slice(0, -1), 400, "HEADER_MALFORMED"),
  refusedSignature("refuses a signature with more behind it", (genuine) => `${genuine}00`, 401, "SIGNATURE_MISMATCH"),
  refusedSignature("refuses a signature that is no hexadecimal", () => `sha256=${"zz".repeat(32)}`, 400, "HEADER_MALFORMED"),
  refusedSignature(
    "refuses the signature in another encoding",
    (genuine) =>
      `sha256=${btoa((genuine.slice(7).match(/../g) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join(""))}`,
    400,
    "HEADER_MALFORMED",
  ),
  {
    name: "refuses base64 whose last bits are not zero",
    stage: stageOf(sender),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const genuine = delivery.headers["x-signature"] as string;
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      const last = genuine.length - 2;
      const changed = genuine.slice(0, last) + alphabet[alphabet.indexOf(genuine[last] as string) + 1] + genuine.slice(last + 1);
      await session.refused(await session.send(delivery, { headers: { "x-signature": changed } }), 400, "HEADER_MALFORMED");
    },
  },
  {
    name: "refuses a signature of another version",
    stage: stageOf(sender),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const changed = (delivery.headers["x-signature"] as string).replace("v1,", "v2,");
      await session.refused(await session.send(delivery, { headers: { "x-signature": changed } }), 401, "HEADER_MISSING");
    },
  },
];
