import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeadersInput } from "../src/delivery.js";
import { toHeaderLines } from "../src/headers.js";

describe("toHeaderLines", () => {
  it.each<[string, HeadersInput, boolean]>([
    ["rawHeaders", ["Host", "h", "X-Sig", "a", "x-sig", "b", "X-SIG", "c"], false],
    [
      "a list of pairs",
      [
        ["Host", "h"],
        ["X-Sig", "a"],
        ["x-sig", "b"],
        ["X-SIG", "c"],
      ],
      false,
    ],
    [
      "an iterable of pairs",
      new Set<[string, string]>([
        ["Host", "h"],
        ["X-Sig", "a"],
        ["x-sig", "b"],
        ["X-SIG", "c"],
      ]),
      false,
    ],
    ["a record with a list", { Host: "h", "X-Sig": ["a", "b", "c"], gone: undefined }, true],
  ])("keeps the lines of %s apart, in their order, whatever their case", (_, input, joined) => {
    const lines = toHeaderLines(input);
    expect(lines.values("x-sig")).toEqual(["a", "b", "c"]);
    expect(lines.values("host")).toEqual(["h"]);
    expect(lines.values("gone")).toEqual([]);
    expect(lines.values("x-si")).toEqual([]);
    expect(lines.joined).toBe(joined);
    expect(lines.toHeaders().get("x-sig")).toBe("a, b, c");
  });

  it("takes a map as pairs, so that the case of its names does not matter", () => {
    const lines = toHeaderLines(new Map([["X-Sig", "a"]]));
    expect([lines.joined, lines.values("x-sig"), lines.values("gone")]).toEqual([false, ["a"], []]);
  });

  it("knows that a fetch Headers has joined its lines", () => {
    const headers = new Headers([
      ["x-sig", "a"],
      ["x-sig", "b"],
    ]);
    const lines = toHeaderLines(headers);
    expect([lines.joined, lines.values("x-sig"), lines.values("gone")]).toEqual([true, ["a, b"], []]);
    const copy = lines.toHeaders();
    copy.set("x-sig", "changed");
    expect(headers.get("x-sig")).toBe("a, b");
  });

  it("takes the Headers of another realm for one", () => {
    const own = new Headers({ "x-sig": "a" });
    const foreign = { append: () => {}, get: (name: string) => own.get(name), [Symbol.iterator]: () => own[Symbol.iterator]() };
    const lines = toHeaderLines(foreign as unknown as Headers);
    expect([lines.joined, lines.values("x-sig"), lines.toHeaders().get("x-sig")]).toEqual([true, ["a"], "a"]);
  });

  it("drops the blanks that a runtime has left around a value, and no others", () => {
    const foreign = { append: () => {}, get: () => " \ta b\u00a0\t ", [Symbol.iterator]: () => [][Symbol.iterator]() };
    expect(toHeaderLines(foreign as unknown as Headers).values("x-sig")).toEqual(["a b\u00a0"]);
  });

  it("takes nothing at all for no headers", () => {
    for (const input of [[], {}, new Headers(), new Map<string, string>()]) {
      expect(toHeaderLines(input as HeadersInput).values("x")).toEqual([]);
      expect([...toHeaderLines(input as HeadersInput).toHeaders()]).toEqual([]);
    }
  });

  it.each([undefined, null, 7, "authorization: Bearer s3cret"])("refuses %j, which holds no headers, and does not show it", (input) => {
    const seen = input === null ? "null" : typeof input;
    expect(() => toHeaderLines(input as never)).toThrow(
      expect.objectContaining({ code: "MISCONFIGURED", detail: `headers: saw ${seen}; expected a Headers, a record or pairs` }),
    );
  });

  it("writes what is no text as text, and null as nothing", () => {
    const lines = toHeaderLines({ "content-length": 3, "x-list": [1, "b"], "x-null": null } as unknown as Record<string, string>);
    expect([lines.values("content-length"), lines.values("x-list"), lines.values("x-null")]).toEqual([["3"], ["1", "b"], []]);
  });

  it("shows no pseudo-header, nor what a Headers cannot hold", () => {
    const headers = toHeaderLines([":path", "/", "bad name", "x", "x-bad", "a\u0000b", "x-good", "y"]).toHeaders();
    expect([...headers]).toEqual([["x-good", "y"]]);
  });

  it("finds a header whatever the case and order of the lines", () => {
    const shuffled = fc.shuffledSubarray(["a-one", "b-two", "c-three", "d-four"], { minLength: 4 });
    fc.assert(
      fc.property(shuffled, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (names, upper) => {
        const flat = names.flatMap((name) => [
          [...name].map((letter, i) => (upper[i] ? letter.toUpperCase() : letter)).join(""),
          `of ${name}`,
        ]);
        for (const name of names) expect(toHeaderLines(flat).values(name)).toEqual([`of ${name}`]);
      }),
    );
  });
});
