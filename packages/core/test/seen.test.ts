import { describe, expect, it } from "vitest";
import { clipped, headerName, seen } from "../src/seen.js";

describe("clipped", () => {
  it("removes control characters, line ends of any kind, direction marks and lone surrogates", () => {
    expect(clipped("a\r\nb\u0000c\u001b[31md\u007f\u0085\u2028\u2029\u202e\ud800e")).toBe("abc[31mde");
  });
  it("clips to 64 characters and says so", () => {
    expect(clipped("x".repeat(64))).toBe("x".repeat(64));
    expect(clipped("x".repeat(65))).toBe(`${"x".repeat(64)}...`);
  });
});

describe("seen", () => {
  it("quotes text, shows plain values and names the kind of others", () => {
    const values = ["a\nb", 7, true, null, undefined, 7n, Symbol("s"), [], {}, () => 1];
    expect(values.map(seen)).toEqual(['"ab"', "7", "true", "null", "undefined", "7", "Symbol(s)", "a list", "an object", "a function"]);
  });
});

describe("headerName", () => {
  it("writes a name as its documentation does", () => {
    const names = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "CF-Connecting-IP", "X-Forwarded-SSL", "X_Odd~1"];
    expect(names.map((name) => headerName(name.toLowerCase()))).toEqual(names);
  });
});
