import { describe, expect, it } from "vitest";
import { Refusal } from "../../src/errors.js";
import { compileSource, readSource } from "../../src/provider/source.js";
import { attemptOf, type Given, type Words } from "./acme.js";

const list = { signature: { from: "header:x-sig", separator: ",", prefix: "v1=", encoding: "hex" } };
const read = (text: string, given: Given, words: Words = {}): string | undefined => {
  try {
    return readSource(compileSource(text, true), attemptOf(given, words));
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
};

describe("readSource", () => {
  const body = '{"a":{"b":["x",{"c":7}]},"only":[{"d":true}],"big":12345678901234567890}';
  const form = "a=1&b=2&b=3";
  it.each<[string, Given, Words, string | undefined]>([
    ["header:x-a", { headers: { "X-A": "1" } }, {}, "1"],
    ["header:x-a", { headers: { "x-a": "" } }, {}, ""],
    ["header:x-a", {}, {}, undefined],
    ["header:x-a", { headers: ["x-a", "1", "X-A", "1"] }, {}, "HEADER_DUPLICATED"],
    ["query:a", { url: "/?a=%C3%A9+1" }, {}, "é 1"],
    ["query:a", { url: "/?b=1" }, {}, undefined],
    ["query:a", { url: "/?a=1&a=1" }, {}, "HEADER_DUPLICATED"],
    ["json:a.b.0", { body }, {}, "x"],
    ["json:a.b.1.c", { body }, {}, "7"],
    ["json:only.*.d", { body }, {}, "true"],
    ["json:a.b.*", { body }, {}, undefined],
    ["json:a", { body }, {}, undefined],
    ["json:big", { body }, {}, undefined],
    ["json:a", { body: "" }, {}, undefined],
    ["json:a", { body: "a=1" }, { id: "form:a" }, undefined],
    ["form:a", { body: form }, { id: "form:a" }, "1"],
    ["form:c", { body: form }, { id: "form:a" }, undefined],
    ["form:b", { body: form }, { id: "form:a" }, "HEADER_DUPLICATED"],
    ["form:a", { body: '{"a":1}' }, {}, undefined],
    ["json:a", { body: `p=${encodeURIComponent('{"a":"in"}')}` }, { payload: "form:p" }, "in"],
    ["json:a", { body: '{"a":"out"}' }, { payload: "form:p" }, "out"],
    ["json:a", { body: "p=x" }, { payload: "form:p" }, "PAYLOAD_MALFORMED"],
    ["json:a", { body: "p=" }, { payload: "form:p" }, undefined],
    ["json:a", { body: "q=x" }, { payload: "form:p" }, undefined],
    ["json:a", { body: "p=1&p=2" }, { payload: "form:p" }, "PAYLOAD_MALFORMED"],
    ["json:a", { body: '{"items":[{"a":"deep"}]}' }, { payload: "json:items.*" }, "deep"],
    ["field:t", { headers: { "x-sig": "t=1, v1=ab,other" } }, list, "1"],
    ["field:u", { headers: { "x-sig": "t=1,v1=ab" } }, list, undefined],
    ["field:t", { headers: { "x-sig": "t=1,t=1" } }, list, "HEADER_DUPLICATED"],
    ["field:t", { headers: { "x-sig": "tt=1,t" } }, list, undefined],
    ["field:t", {}, { signature: undefined, algorithm: "token", token: { from: "header:x" }, content: undefined }, undefined],
    ["claim:sub", {}, {}, undefined],
  ])("reads %s of %j", (text, given, words, expected) => {
    expect(read(text, given, words)).toBe(expected);
  });

  it("reads own claims of a verified token alone", () => {
    const attempt = attemptOf({});
    attempt.claims = { sub: "x", n: 7, deep: { a: 1 } };
    const claim = (name: string) => readSource(compileSource(`claim:${name}`, true), attempt);
    expect(["sub", "n", "deep", "toString", "aud"].map(claim)).toEqual(["x", "7", undefined, undefined, undefined]);
  });
});

describe("compileSource", () => {
  it("knows what can be read before the body, and whose text is UTF-8", () => {
    const facts = (text: string, fieldsAreEarly: boolean) => {
      const { early, utf8 } = compileSource(text, fieldsAreEarly);
      return [early, utf8];
    };
    expect(facts("header:a", true)).toEqual([true, false]);
    expect(facts("query:a", true)).toEqual([true, true]);
    expect(facts("json:a", true)).toEqual([false, true]);
    expect(facts("form:a", true)).toEqual([false, true]);
    expect(facts("claim:a", true)).toEqual([false, true]);
    expect(facts("field:a", true)).toEqual([true, false]);
    expect(facts("field:a", false)).toEqual([false, false]);
  });

  it.each(["header: x-sig", "header:x sig", "header:x-sig:", "header:x-é"])("refuses %s, which no header is called", (text) => {
    expect(() => compileSource(text, true)).toThrow(`no header has such a name: ${text}`);
  });

  it.each(["json:$.id", "json:data[0].id", "json:data[*]", "json:a..b", "json:.id", "json:id."])(
    "refuses the path %s of another language",
    (text) => {
      expect(() => compileSource(text, true)).toThrow(`steps with dots between, such as json:a.0.b: ${text}`);
    },
  );

  it.each(["json:$type", "json:data[]", "json:@id", "header:x_sig.1"])("takes %s", (text) => {
    expect(compileSource(text, true)).toMatchObject({ text });
  });
});
