import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WebhookEvent } from "../../src/event.js";
import { deliver, mac, openAcme } from "../acme-verifier.js";
import { WORDS, type Words } from "./acme.js";
import { codeOf } from "./code-of.js";

const list = { signature: { from: "header:x-sig", separator: ",", prefix: "v1=", encoding: "hex" } };
const good = mac("x");
const bad = "00".repeat(32);

describe("openCandidates", () => {
  it.each<[string, Words, Record<string, string>, string]>([
    ["a signature", {}, { "x-sig": good }, "accepted"],
    ["hex in upper case", {}, { "x-sig": good.toUpperCase() }, "accepted"],
    ["no signature", {}, {}, "HEADER_MISSING"],
    ["an empty one", {}, { "x-sig": "" }, "HEADER_MISSING"],
    ["one that is no hex", {}, { "x-sig": "zz" }, "HEADER_MALFORMED"],
    ["another one", {}, { "x-sig": bad }, "SIGNATURE_MISMATCH"],
    ["a shorter one", {}, { "x-sig": good.slice(2) }, "SIGNATURE_MISMATCH"],
    ["one with blanks around it", {}, { "x-sig": ` ${good}` }, "HEADER_MALFORMED"],
    ["two lines that were joined", {}, { "x-sig": `${good}, ${good}` }, "HEADER_DUPLICATED"],
    [
      "two joined lines of which the first is of another kind",
      { signature: { ...list.signature, separator: undefined } },
      { "x-sig": `sha1=aa, v1=${good}` },
      "HEADER_DUPLICATED",
    ],
    [
      "two joined lines of which the first is empty",
      { signature: { ...list.signature, separator: undefined } },
      { "x-sig": `, v1=${good}` },
      "HEADER_DUPLICATED",
    ],
    ["a list without its prefix", list, { "x-sig": good }, "HEADER_MISSING"],
    ["a list of another version", list, { "x-sig": `v0=${good}` }, "HEADER_MISSING"],
    ["a list with one that fits", list, { "x-sig": `t=1,v1=${bad}, v1=${good} ,v1=zz` }, "accepted"],
    ["a list with none that can be read", list, { "x-sig": "v1=zz,v1=" }, "HEADER_MALFORMED"],
    ["sixteen signatures", list, { "x-sig": `${`v1=${bad},`.repeat(15)}v1=${good}` }, "accepted"],
    ["seventeen signatures", list, { "x-sig": `${`v1=${bad},`.repeat(16)}v1=${good}` }, "HEADER_MALFORMED"],
    [
      "more than the declaration allows",
      { signature: { ...list.signature, maxCandidates: 1 } },
      { "x-sig": `v1=${good},v1=${good}` },
      "HEADER_MALFORMED",
    ],
    ["a header of eight KiB and more", list, { "x-sig": `v1=${good},${"x".repeat(8192)}` }, "HEADER_MALFORMED"],
    [
      "a list of another separator, joined by a comma",
      { signature: { ...list.signature, separator: " " } },
      { "x-sig": `v1=${good}, v1=${good}` },
      "HEADER_DUPLICATED",
    ],
  ])("judges %s", async (_, words, headers, expected) => {
    expect(await codeOf(words, headers)).toBe(expected);
  });

  it.each([
    ["a:b", "a:b::x", "accepted"],
    ["a::b", "a::b::x", "HEADER_MALFORMED"],
    ["a::b", "a::x", "SIGNATURE_MISMATCH"],
  ])("judges the id %s under a signature of %s, which ends it with two colons", async (id, signed, expected) => {
    expect(await codeOf({ content: "{id}::{body}", id: "header:x-id" }, { "x-id": id, "x-sig": mac(signed) })).toBe(expected);
  });

  it("asks the next scheme where the hash that the first speaks by does not hold", async () => {
    const hash = createHash("sha256").update("x").digest("hex");
    const { signature } = WORDS;
    const first = { signature, content: "first {body}", when: { "header:x-hash": "{body|sha256-hex}" } };
    const schemes = [first, { signature, content: "{body}" }].map((words) => ({
      scheme: { algorithm: "hmac-sha256", secret: "utf8", ...words },
    }));
    const words = { algorithm: undefined, secret: undefined, signature: undefined, content: undefined, schemes };
    expect(await codeOf(words, { "x-hash": hash, "x-sig": mac("first x") })).toBe("accepted");
    expect(await codeOf(words, { "x-hash": "00", "x-sig": mac("first x") })).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(words, { "x-hash": "00", "x-sig": mac("x") })).toBe("accepted");
    expect(await codeOf({ ...words, schemes: schemes.slice(0, 1) }, { "x-hash": "00", "x-sig": mac("x") })).toBe("HEADER_MISSING");
  });

  it("says what to look at where nothing fits: the URL where it is signed, and no body where a token stands for it", async () => {
    const messageOf = async (words: Words, headers: Record<string, string>, config = {}): Promise<string> =>
      openAcme(words, {}, { secret: "s", ...config })
        .verifier.verify({ headers, body: "x" })
        .then(String, (error: Error) => error.message);
    const url = { publicUrl: "https://acme.example/hook" };
    const token = { algorithm: "token", signature: undefined, content: undefined, token: { from: "header:x-sig" } };
    expect(await messageOf({}, { "x-sig": bad })).toMatch(
      /^No signature fits: none of 1 signature\(s\) .* endpoint, and did anything change/,
    );
    expect(await messageOf({ content: "{url}{body}" }, { "x-sig": bad }, url)).toMatch(
      /is publicUrl the URL that the provider has, and did/,
    );
    expect(await messageOf(token, { "x-sig": "other" })).toMatch(
      /the token fits none of 1 key\(s\); is it the secret of this endpoint\? \(/,
    );
  });

  it.each([
    ["", undefined, `${bad}, ${good}`],
    ["", undefined, `, ${good}`],
    ["v1,", undefined, `v1,${bad},v1,${good}`],
    ["v1,", " ", `v2,${bad} v1,${bad}, v1,${bad} v1,${good}`],
    ["v1=", ",", `v1=${bad}, v1=${good}`],
  ])("takes lines of a header that repeats apart where a runtime joined them: prefix %j, separator %j", async (prefix, separator, line) => {
    const signature = { from: "header:x-sig", prefix, separator, encoding: "hex" };
    expect(await codeOf({ signature: { ...signature, repeats: true } }, { "x-sig": line })).toBe("accepted");
    if (separator !== ",") expect(await codeOf({ signature }, { "x-sig": line })).toBe("HEADER_DUPLICATED");
  });

  it("refuses a header on two lines, unless the declaration says that it repeats", async () => {
    const lines = ["X-Sig", bad, "x-sig", good];
    expect(await codeOf({}, lines)).toBe("HEADER_DUPLICATED");
    const words = { signature: { from: "header:x-sig", encoding: "hex", repeats: true } };
    expect(await codeOf(words, lines)).toBe("accepted");
    expect(await codeOf(words, [])).toBe("HEADER_MISSING");
  });

  it.each([{ "json:v": "2" }, { body: "json" }])("looks at the headers before the body, though %j is about the body", async (when) => {
    const { verifier } = openAcme({ when });
    for (const [headers, code] of [
      [{}, "HEADER_MISSING"],
      [{ "x-sig": "zz" }, "HEADER_MALFORMED"],
      [{ "x-sig": good }, "BODY_TOO_LARGE"],
    ] as const) {
      const length = { "content-length": String(2 ** 40) };
      const verdict = await verifier.receive(deliver({ headers: { ...headers, ...length } }));
      expect(verdict).toMatchObject({ outcome: "rejected", code });
    }
  });

  it("looks in each place for candidates", async () => {
    const words = { signature: { from: ["header:x-one", "header:x-two"], encoding: "hex" } };
    expect(await codeOf(words, { "x-two": good })).toBe("accepted");
    expect(await codeOf(words, { "x-one": bad, "x-two": good })).toBe("accepted");
    expect(await codeOf(words, {})).toBe("HEADER_MISSING");
    const numbered = { signature: { from: "header:x-sig-{n}", encoding: "hex" } };
    expect(await codeOf(numbered, { "x-sig-16": good })).toBe("accepted");
    expect(await codeOf(numbered, { "x-sig-17": good })).toBe("HEADER_MISSING");
  });

  it("needs a judged timestamp and a signed id before the body is read", async () => {
    const words = { content: "{id}.{timestamp}.{body}", id: "header:x-id", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 } };
    const signed = { "x-sig": mac("7.1700000000.x"), "x-id": "7", "x-ts": "1700000000" };
    expect(await codeOf(words, signed)).toBe("accepted");
    expect(await codeOf(words, { ...signed, "x-id": "" })).toBe("HEADER_MISSING");
    expect(await codeOf(words, { ...signed, "x-ts": "" })).toBe("HEADER_MISSING");
    expect(await codeOf(words, { ...signed, "x-id": "7,7" })).toBe("HEADER_DUPLICATED");
    expect(await codeOf(words, { ...signed, "x-ts": "x".repeat(9000) })).toBe("HEADER_MALFORMED");
  });
});

describe("a judged timestamp in the body", () => {
  it("must be there, and in its form", async () => {
    const words = { timestamp: { from: "json:at", unit: "s", tolerance: 300 } };
    const codeFor = (body: string) => codeOf(words, { "x-sig": mac(body) }, body);
    expect(await codeFor('{"at":1700000000}')).toBe("accepted");
    expect(await codeFor("{}")).toBe("HEADER_MISSING");
    expect(await codeFor('{"at":"now"}')).toBe("TIMESTAMP_MALFORMED");
  });
});

describe("prove", () => {
  const scheme = (words: Words) => ({ scheme: { algorithm: "hmac-sha256", secret: "utf8", content: "{body}", ...words } });
  const several = (...schemes: Words[]) => ({
    algorithm: undefined,
    secret: undefined,
    signature: undefined,
    content: undefined,
    schemes: schemes.map(scheme),
  });
  const inBody = { signature: { from: "json:sig", encoding: "hex" }, content: "{json:data}" };

  it("lets each scheme speak for the deliveries of its form", async () => {
    const words = several(
      { signature: { from: "header:x-new", encoding: "hex" } },
      { signature: { from: "header:x-old", encoding: "hex" }, when: { "header:x-new": false } },
    );
    expect(await codeOf(words, { "x-new": good })).toBe("accepted");
    expect(await codeOf(words, { "x-old": good })).toBe("accepted");
    expect(await codeOf(words, { "x-new": bad, "x-old": good })).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(words, {})).toBe("HEADER_MISSING");
  });

  it("says of several refusals the one that says most", async () => {
    const words = several({ signature: { from: "header:x-a", encoding: "hex" } }, { signature: { from: "header:x-b", encoding: "hex" } });
    expect(await codeOf(words, { "x-b": "zz" })).toBe("HEADER_MALFORMED");
    expect(await codeOf(words, { "x-a": "zz" })).toBe("HEADER_MALFORMED");
    expect(await codeOf(words, { "x-a": bad, "x-b": "zz" })).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(words, { "x-a": bad, "x-b": bad })).toBe("SIGNATURE_MISMATCH");
  });

  it("speaks for no delivery whose form no scheme has", async () => {
    const never = { "header:x-form": "7" };
    expect(await codeOf({ when: never }, { "x-sig": good })).toBe("HEADER_MISSING");
    expect(await codeOf({ when: { "json:form": "7" } }, { "x-sig": mac("{}") }, "{}")).toBe("HEADER_MISSING");
    expect(await codeOf({ when: { "json:form": "7" } }, { "x-sig": mac('{"form":7}') }, '{"form":7}')).toBe("accepted");
    const signature = { from: "header:x-sig", encoding: "hex" };
    const forms = several({ signature, when: { "json:form": "7" } }, { signature, when: { "json:form": "8" } });
    expect(await codeOf(forms, { "x-sig": mac("{}") }, "{}")).toBe("HEADER_MISSING");
    expect(await codeOf(forms, { "x-sig": mac('{"form":8}') }, '{"form":8}')).toBe("accepted");
    expect(await codeOf(forms, { "x-sig": good }, `{"form":${"[".repeat(100)}`)).toBe("PAYLOAD_MALFORMED");
  });

  it("finds a proof that stands in the body", async () => {
    const body = (data: string, sig: string) => JSON.stringify({ data, sig });
    expect(await codeOf(inBody, {}, body("d", mac("d")))).toBe("accepted");
    expect(await codeOf(inBody, {}, body("e", mac("d")))).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(inBody, {}, "{}")).toBe("HEADER_MISSING");
    expect(await codeOf(inBody, {}, "{")).toBe("HEADER_MISSING");
    expect(await codeOf(inBody, {}, `{"sig":${"[".repeat(100)}`)).toBe("PAYLOAD_MALFORMED");
  });

  it("holds further conditions against a delivery that is signed", async () => {
    const words = { require: { "header:x-version": "2" } };
    expect(await codeOf(words, { "x-sig": good, "x-version": "2" })).toBe("accepted");
    expect(await codeOf(words, { "x-sig": good, "x-version": "1" })).toBe("SIGNATURE_MISMATCH");
  });

  it("sorts the parts of a content as bytes, numbers before letters", async () => {
    const words = { content: { sorted: ["{header:x-c}", "{body}", "{query:b}"] } };
    const event = await openAcme(words).verify(
      { "x-sig": mac(Buffer.from("10x\u00ff", "latin1")), "x-c": "x" },
      Uint8Array.of(255),
      "/?b=10",
    );
    expect(event).toBeTypeOf("object");
  });

  it("names the secret that fits, the first of two that are the same", async () => {
    const secret = [{ id: "new", value: "n" }, "s3cret", "s3cret"];
    const event = await openAcme({}, {}, { secret }).verify({ "x-sig": good }, "x");
    expect((event as WebhookEvent).keyId).toBe("1");
    const list16 = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const last = await openAcme({}, {}, { secret: list16 }).verify({ "x-sig": mac("x", "k39") }, "x");
    expect((last as WebhookEvent).keyId).toBe("39");
  });
});

describe("any delivery", () => {
  it("is refused once a byte of the body or a digit of the signature is changed", async () => {
    const { verify } = openAcme({ content: "v0:{header:x-id}:{body}" });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (body, position, change) => {
          const signature = mac(Buffer.concat([Buffer.from("v0:i:"), body]));
          const event = (await verify({ "x-sig": signature, "x-id": "i" }, body)) as WebhookEvent;
          expect(event.rawBody).toEqual(body);
          const changed = Uint8Array.from(body);
          changed[position % body.length] = (changed[position % body.length] as number) ^ change;
          expect(await verify({ "x-sig": signature, "x-id": "i" }, changed)).toBe("SIGNATURE_MISMATCH");
          const at = position % signature.length;
          const digit = ((Number.parseInt(signature[at] as string, 16) + 1 + (change % 15)) % 16).toString(16);
          const other = signature.slice(0, at) + digit + signature.slice(at + 1);
          expect(await verify({ "x-sig": other, "x-id": "i" }, body)).toBe("SIGNATURE_MISMATCH");
          expect(await verify({ "x-sig": signature, "x-id": "j" }, body)).toBe("SIGNATURE_MISMATCH");
          expect(await verify({ "X-SIG": signature.toUpperCase(), "X-Id": "i" }, body)).toBeTypeOf("object");
        },
      ),
      { numRuns: 60 },
    );
  });
});
