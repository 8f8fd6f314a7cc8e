import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../src/errors.js";
import { type BodyExpectation, parseBody, toFormObject, toScalarText, walk } from "../src/payload.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const NOTHING: BodyExpectation = { expectsForm: false, expectsJson: false };
const FORM: BodyExpectation = { expectsForm: true, expectsJson: false };
const JSON_: BodyExpectation = { expectsForm: false, expectsJson: true };
const BOTH: BodyExpectation = { expectsForm: true, expectsJson: true };
const NEEDED: BodyExpectation = { ...BOTH, needsForm: true };
const FORM_TYPE = "application/x-www-form-urlencoded";

function parse(body: string | Uint8Array, type?: string, expects = NOTHING, bounded = false) {
  try {
    return parseBody(typeof body === "string" ? bytesOf(body) : body, type, expects, bounded);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
const json = (value: unknown) => ({ kind: "json", value });
const form = (...fields: [string, string][]) => ({ kind: "form", fields });
const bytes = { kind: "bytes" };

describe("parseBody", () => {
  it("is empty without bytes, whatever is claimed", () => {
    for (const type of [undefined, "application/json", FORM_TYPE]) expect(parse("", type, BOTH)).toEqual({ kind: "empty" });
  });

  it.each(["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", "text/json;x"])(
    "must be JSON where %s claims it",
    (type) => {
      expect(parse('{"a":1}', type)).toEqual(json({ a: 1 }));
      expect(parse('"text"', type)).toEqual(json("text"));
      expect(parse("{", type)).toBe("PAYLOAD_MALFORMED");
      expect(parse("a=b", type, FORM)).toBe("PAYLOAD_MALFORMED");
      expect(parse(Uint8Array.of(0x7b, 0xff, 0x7d), type)).toBe("PAYLOAD_MALFORMED");
    },
  );

  it.each(["application/jsonp", "text/plain", "application/json-seq", "text/plain; x=a/json"])("is bytes under %s", (type) => {
    expect(parse('{"a":1}', type)).toEqual(bytes);
  });

  it("is JSON where it opens like it and nothing is claimed, or the provider speaks of JSON", () => {
    expect(parse(' \t\r\n{"a":1}')).toEqual(json({ a: 1 }));
    expect(parse("[1]")).toEqual(json([1]));
    expect(parse("{")).toEqual(bytes);
    expect(parse("1")).toEqual(bytes);
    expect(parse(" ")).toEqual(bytes);
    expect(parse('{"a":1}', "text/plain", JSON_)).toEqual(json({ a: 1 }));
    expect(parse("a", "text/plain", JSON_)).toEqual(bytes);
    expect(parse(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual(bytes);
  });

  it("skips a byte order mark, in the parser alone", () => {
    expect(parse('\ufeff{"a":1}')).toEqual(json({ a: 1 }));
    expect(parse('\ufeff{"a":1}', "application/json")).toEqual(json({ a: 1 }));
  });

  it("is a form where that is claimed, or where the provider speaks of forms and nothing is claimed", () => {
    expect(parse("a=1&b=+%C3%A9&c&=d&&a=2", `${FORM_TYPE}; charset=utf-8`)).toEqual(
      form(["a", "1"], ["b", " é"], ["c", ""], ["", "d"], ["a", "2"]),
    );
    expect(parse("a=1=2", undefined, FORM)).toEqual(form(["a", "1=2"]));
    expect(parse("a=1")).toEqual(bytes);
    expect(parse("a=%", FORM_TYPE)).toBe("PAYLOAD_MALFORMED");
    expect(parse("a=%ff", FORM_TYPE)).toBe("PAYLOAD_MALFORMED");
    expect(parse(Uint8Array.of(97, 61, 255), FORM_TYPE)).toBe("PAYLOAD_MALFORMED");
  });

  it("is bytes under another type, though the provider speaks of forms, unless the proof or the event's name stands in one", () => {
    for (const text of ["Hello, World!", "<a>100%</a>", "a=1"]) expect(parse(text, "text/plain", BOTH)).toEqual(bytes);
    for (const text of ["100%", "%ff"]) expect(parse(text, undefined, FORM)).toEqual(bytes);
    expect(parse(Uint8Array.of(97, 61, 255), undefined, FORM)).toEqual(bytes);
    expect(parse("a=1", "text/plain", NEEDED)).toEqual(form(["a", "1"]));
    for (const type of ["text/plain", undefined]) expect(parse("a=%", type, NEEDED)).toBe("PAYLOAD_MALFORMED");
  });

  it("is refused as multipart where a form is needed, and bytes elsewhere", () => {
    const multipart = "multipart/form-data; boundary=x";
    expect(parse("--x", multipart, NEEDED)).toBe("PAYLOAD_MALFORMED");
    expect(parse("--x", multipart, BOTH)).toEqual(bytes);
    expect(parse('{"a":1}', multipart, NEEDED)).toEqual(json({ a: 1 }));
  });

  it("does not let a content type that nobody signs choose between JSON and form", () => {
    for (const type of [FORM_TYPE, "text/plain", undefined]) {
      expect(parse('{"a":1}', type, NEEDED)).toEqual(json({ a: 1 }));
      expect(parse("{=1", type, NEEDED)).toEqual(form(["{", "1"]));
    }
  });

  it("bounds the depth of what has not proven itself, and only that", () => {
    const deep = `${"[".repeat(65)}${"]".repeat(65)}`;
    expect(parse(deep, "application/json", JSON_, true)).toBe("PAYLOAD_MALFORMED");
    expect(parse(deep, "application/json", JSON_, false)).toMatchObject({ kind: "json" });
    expect(parse(`${"[".repeat(64)}${"]".repeat(64)}`, "application/json", JSON_, true)).toMatchObject({ kind: "json" });
    const wide = JSON.stringify(Array.from({ length: 100 }, () => ({ '[[\\"[': ["[{"] })));
    expect(parse(wide, "application/json", JSON_, true)).toMatchObject({ kind: "json" });
  });

  it("never throws anything but a refusal, on any bytes", () => {
    const types = fc.constantFrom(undefined, "application/json", FORM_TYPE, "text/plain");
    fc.assert(
      fc.property(
        fc.uint8Array(),
        types,
        fc.constantFrom(NOTHING, FORM, JSON_, BOTH, NEEDED),
        fc.boolean(),
        (body, type, expects, bounded) => {
          expect(["string", "object"]).toContain(typeof parse(body, type, expects, bounded));
        },
      ),
    );
  });
});

describe("toFormObject", () => {
  it("lists a field that came several times, and no key reaches a prototype", () => {
    const object = toFormObject([
      ["a", "1"],
      ["__proto__", "x"],
      ["a", "2"],
      ["a", "3"],
      ["constructor", "y"],
    ]);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(Object.entries(object)).toEqual([
      ["a", ["1", "2", "3"]],
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe("walk", () => {
  const value = JSON.parse('{"a":[{"b":null}],"list":[1,2],"__proto__":{"c":3},"n":{"length":4}}');
  it.each([
    [[], value],
    [["a", "0", "b"], null],
    [["a", "*", "b"], null],
    [["list", "1"], 2],
    [["list", "*"], undefined],
    [["n", "*"], undefined],
    [["n", "length"], 4],
    [["__proto__", "c"], 3],
    [["constructor"], undefined],
    [["a", "map"], undefined],
    [["list", "7"], undefined],
    [["a", "0", "b", "c"], undefined],
    [["missing", "x"], undefined],
  ] as const)("walks own members and positions alone: %j", (path, expected) => {
    expect(walk(value, path)).toEqual(expected);
  });
});

describe("toScalarText", () => {
  it("writes texts, truth values and whole numbers that JSON did not round", () => {
    expect(["x", "", true, false, 0, -7, 9_007_199_254_740_991].map(toScalarText)).toEqual([
      "x",
      "",
      "true",
      "false",
      "0",
      "-7",
      "9007199254740991",
    ]);
    expect(JSON.parse("[9007199254740992, 1e30, 1.5, null, {}, []]").map(toScalarText)).toEqual(Array(6).fill(undefined));
    expect(toScalarText(undefined)).toBeUndefined();
  });
});
