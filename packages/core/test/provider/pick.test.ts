import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../src/errors.js";
import { compilePick, readPick } from "../../src/provider/pick.js";
import { attemptOf, type Given } from "./acme.js";

const read = (pick: Parameters<typeof compilePick>[0] | undefined, given: Given): string | undefined => {
  try {
    return readPick(pick === undefined ? undefined : compilePick(pick, true), attemptOf(given));
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};
const json = (value: unknown): Given => ({ body: JSON.stringify(value) });

describe("readPick", () => {
  it("reads one source; what is empty is not there", () => {
    expect(read("json:id", json({ id: "x" }))).toBe("x");
    expect(read("json:id", json({ id: "" }))).toBeUndefined();
    expect(read("json:id", json({}))).toBeUndefined();
    expect(read(undefined, json({}))).toBeUndefined();
  });

  it("joins a composite, all of which must be there", () => {
    expect(read(["json:a", "json:b"], json({ a: "x", b: 2 }))).toBe("x.2");
    expect(read(["json:a", "json:b"], json({ a: "x" }))).toBeUndefined();
    expect(read(["json:a", "json:b"], json({ b: "x" }))).toBeUndefined();
    expect(read(["json:a", "json:b"], json({ a: "x", b: "" }))).toBeUndefined();
  });

  it("joins so that no two composites give one text", () => {
    const letters = fc.array(fc.constantFrom("a", ".", "\\"), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
    const pair = fc.tuple(letters, letters);
    const idOf = ([a, b]: readonly [string, string]) => read(["json:a", "json:b"], json({ a, b }));
    fc.assert(
      fc.property(pair, pair, (one, other) => {
        expect(idOf(one) === idOf(other)).toBe(one[0] === other[0] && one[1] === other[1]);
      }),
      { numRuns: 500 },
    );
  });

  it("takes the first of several that is there", () => {
    const pick = { either: ["json:a", "json:b", "json:c"] } as const;
    expect(read(pick, json({ b: "x", c: "y" }))).toBe("x");
    expect(read(pick, json({ a: "", c: "y" }))).toBe("y");
    expect(read(pick, json({}))).toBeUndefined();
  });

  it("names the one other key of the payload", () => {
    const pick = { keyBesides: ["update_id"] };
    expect(read(pick, json({ update_id: 1, message: {} }))).toBe("message");
    expect(read(pick, json({ update_id: 1 }))).toBeUndefined();
    expect(read(pick, json({ a: 1, b: 2 }))).toBeUndefined();
    expect(read(pick, json(null))).toBeUndefined();
    expect(read(pick, { body: "text" })).toBeUndefined();
  });

  it("refuses a text that no honest provider sends, and lines that were joined", () => {
    expect(read("header:x-id", { headers: { "x-id": "x".repeat(8193) } })).toBe("HEADER_MALFORMED");
    expect(read("header:x-id", { headers: { "x-id": "x".repeat(8192) } })).toBe("x".repeat(8192));
    expect(read("header:x-id", { headers: { "x-id": "a, b" } })).toBe("HEADER_DUPLICATED");
    expect(read("header:x-id", { headers: ["x-id", "a, b"] })).toBe("a, b");
    expect(read("json:id", json({ id: "a, b" }))).toBe("a, b");
  });
});
