import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, type Encoding, encode, faultOf, isAscii, toUtf8, toWireBytes } from "../../src/signature/encodings.js";

const ENCODINGS: readonly Encoding[] = ["hex", "base64", "base64url"];

describe("decode", () => {
  it.each(ENCODINGS)("gives back what was encoded as %s, and agrees with Buffer", (encoding) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = encode(bytes, encoding);
        expect(text).toBe(Buffer.from(bytes).toString(encoding));
        expect(decode(text, encoding)).toEqual(bytes);
      }),
    );
  });

  it("reads hex in either case as the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decode(encode(bytes, "hex").toUpperCase(), "hex")).toEqual(bytes);
      }),
    );
  });

  it.each(ENCODINGS)("takes no other text for %s than the one that Buffer would write", (encoding) => {
    const alphabet = fc.constantFrom(..."ABCDEFabcdef0123456789+/-_=zZ \n\u00e9\u0141");
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (letters) => {
        const text = letters.join("");
        const bytes = decode(text, encoding);
        const written = bytes && Buffer.from(bytes).toString(encoding);
        const canonical = encoding === "hex" ? text.toLowerCase() : encoding === "base64" ? text : text.replace(/={1,2}$/, "");
        if (bytes !== undefined) expect(written).toBe(canonical);
        else expect(Buffer.from(text, encoding).toString(encoding)).not.toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["hex", "abc"],
    ["hex", "0x"],
    ["hex", "zz"],
    ["hex", "a\u0661"],
    ["base64", "QQ"],
    ["base64", "QQ="],
    ["base64", "QR=="],
    ["base64", "QUF="],
    ["base64", "QQ==="],
    ["base64", "===="],
    ["base64", "A==="],
    ["base64", "QUJD QUJD"],
    ["base64", "QUJ\n"],
    ["base64", "QU-_"],
    ["base64url", "QU+/"],
    ["base64url", "A"],
    ["base64url", "QR"],
    ["base64url", "QQ="],
  ] as const)("refuses %s %j", (encoding, text) => {
    expect(decode(text, encoding)).toBeUndefined();
  });

  it("takes base64url with its padding and without", () => {
    expect(decode("QQ==", "base64url")).toEqual(Uint8Array.of(65));
    expect(decode("QQ", "base64url")).toEqual(Uint8Array.of(65));
  });
});

describe("faultOf", () => {
  it.each([
    ["hex", "0x12", "character 2 is none of its alphabet"],
    ["hex", "abc", "its number of digits is odd"],
    ["base64", "QUJ-", "character 4 is none of its alphabet"],
    ["base64", " QUJD", "character 1 is none of its alphabet"],
    ["base64", "QQ=", "it is cut off, or wrongly padded"],
    ["base64url", "QU+/", "character 3 is none of its alphabet"],
    ["base64url", "A", "it is cut off, or wrongly padded"],
  ] as const)("tells what is wrong with the %s %j", (encoding, text, fault) => {
    expect(decode(text, encoding)).toBeUndefined();
    expect(faultOf(text, encoding)).toBe(fault);
  });
});

describe("toWireBytes", () => {
  it("takes each character as a byte, and a text beyond that as UTF-8", () => {
    expect(toWireBytes("a\u00ff\u0080")).toEqual(Uint8Array.of(97, 255, 128));
    expect(toWireBytes("a\u0100")).toEqual(toUtf8("a\u0100"));
    expect(toWireBytes("")).toEqual(new Uint8Array());
  });
});

describe("isAscii", () => {
  it("tells texts whose bytes are the same in every encoding", () => {
    expect(isAscii("v0:~\u007f")).toBe(true);
    expect(isAscii("v0:\u0080")).toBe(false);
  });
});
