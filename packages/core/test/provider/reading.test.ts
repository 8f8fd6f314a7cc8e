import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toTarget } from "../../src/provider/reading.js";
import { attemptOf } from "./acme.js";

describe("toTarget", () => {
  it.each([
    ["/a?b=1#c", "/a?b=1"],
    ["https://x.example/a/../b?c=%2f#d", "/a/../b?c=%2f"],
    ["http://x.example", "/"],
    ["https://x.example?a=1", "/?a=1"],
    ["https://x.example#a", "/"],
    ["", "/"],
    ["a?b", "/a?b"],
    ["//evil.example/a", "//evil.example/a"],
  ])("keeps of %s path and query as received", (url, target) => {
    expect(toTarget(url)).toBe(target);
  });

  it("always gives a path", () => {
    fc.assert(
      fc.property(fc.string(), (url) => {
        expect(toTarget(url)).toMatch(/^\/[^#]*$/);
      }),
    );
  });
});

describe("Reading", () => {
  it("takes path and query apart, text for text", () => {
    const { reading } = attemptOf({ url: "/a%2F?b=1?&c" });
    expect([reading.path, reading.search]).toEqual(["/a%2F", "?b=1?&c"]);
    const bare = attemptOf({ url: "/a" }).reading;
    expect([bare.path, bare.search]).toEqual(["/a", ""]);
  });

  it("parses the body and a form's field once", () => {
    const { reading } = attemptOf({ body: `p=${encodeURIComponent('{"a":1}')}` }, { payload: "form:p" });
    expect(reading.parsed(true)).toBe(reading.parsed(false));
    expect(reading.formJson("p", true)).toBe(reading.formJson("p", false));
    expect(attemptOf({ body: '{"a":1}' }).reading.formJson("p", true)).toBeUndefined();
  });
});
