import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { defineProvider, scheme } from "../../src/provider/define-provider.js";
import { declareAcme, type Words } from "./acme.js";

const refusalOf = (words: Words): string => {
  try {
    declareAcme(words);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "it is taken";
};
const stamped = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 } };

describe("defineProvider", () => {
  it("keeps the declaration as it was given", () => {
    const declaration = { ...stamped, id: "json:id" };
    const preset = declareAcme(declaration) as unknown as { declaration: Words };
    expect(preset.declaration).toMatchObject(declaration);
  });

  it.each(["", "Acme", "-acme", "ac me", "ac/me", 1, undefined])("refuses the name %j", (name) => {
    expect(refusalOf({ name })).toContain("defineProvider.name");
  });

  it.each<[string, Words, string]>([
    ["an atom of the content", { content: "{boddy}" }, "no such source: boddy"],
    ["a filter", { content: "{body|md5}" }, "no such filter: md5"],
    ["a source", { id: "jsn:id" }, "no such source: jsn:id"],
    ["a source with no name", { id: "json:" }, "no such source: json:"],
    ["a header in upper case", { id: "header:X-Id" }, "header names are lower-case"],
    ["an atom of a condition", { require: { "header:x": "{boddy}" } }, "no such source: boddy"],
    ["a condition's source", { require: { "heder:x": true } }, "no such source: heder:x"],
    ["a condition that is neither", { require: { "header:x": 7 } }, "header:x is neither present, absent nor a template"],
    ["an atom of when", { when: { "query:a": "{quary:b}" } }, "no such source: quary:b"],
    ["an atom of a handshake's reply", { handshake: [{ when: {}, reply: { text: "{jsn:challenge}" } }] }, "no such source: jsn:challenge"],
    ["an atom deep in a JSON reply", { handshake: [{ when: {}, reply: { json: { a: [{ b: "{boddy}" }] } } }] }, "no such source: boddy"],
    ["an atom of a reply's header", { handshake: [{ when: {}, reply: { headers: { "x-a": "{boddy}" } } }] }, "no such source: boddy"],
    ["an atom of the success reply", { success: { text: "{boddy}" } }, "no such source: boddy"],
    ["a secret that a handshake hands over", { handshake: [{ when: {}, learns: "heder:x", reply: {} }] }, "no such source: heder:x"],
    ["an option", { content: "{option:nme}{body}", options: { name: "text" } }, "no such option: nme"],
    ["an option in a name", { content: "{header:{option:nme}}{body}" }, "no such source: header:"],
    ["an option that every object has", { content: "{option:toString}{body}" }, "no such option: toString"],
    ["a timestamp that is none", { content: "{timestamp}{body}" }, "{timestamp} needs a timestamp that is one source"],
    ["an id that is composite", { content: "{id}{body}", id: ["json:a", "json:b"] }, "{id} needs a id that is one source"],
    ["an id that is none", { content: "{id}{body}" }, "{id} needs a id that is one source"],
    ["a tenant", { tenant: "shop" }, "no such source: shop"],
    ["a type", { type: { either: ["json:a", "jsn:b"] } }, "no such source: jsn:b"],
  ])("refuses a misspelt word: %s", (_, words, message) => {
    expect(refusalOf(words)).toContain(message);
  });

  it.each([
    ["algorithm", { algorithm: "hmac-md5" }],
    ["signature.encoding", { signature: { from: "header:x", encoding: "base32" } }],
    ["secret", { secret: "base58" }],
    ["timestamp.unit", { timestamp: { from: "header:t", unit: "minutes", tolerance: "unchecked" } }],
    ["unique", { unique: "always" }],
    ["methods", { methods: ["PSOT"] }],
    ["algorithm", { algorithm: undefined }],
  ])("refuses a choice that there is not: %s", (word, words) => {
    expect(refusalOf(words)).toContain(`${word} is none of `);
  });

  it.each(["{body", "body}", "[{body}", "{body}]", "[[{body}]]", "{a{b}}", "[{body]}"])("refuses the unbalanced %s", (content) => {
    expect(refusalOf({ content })).toMatch(/unbalanced brackets|no such source/);
  });

  it.each<[string, Words]>([
    ["timestamp", { timestamp: { from: "field:t", unit: "s", tolerance: "unchecked" } }],
    ["content", { content: "{field:t}.{body}" }],
    ["id", { id: "field:id" }],
    ["type", { type: ["field:a", "json:b"] }],
    ["require", { require: { "field:v": "1" } }],
    ["when", { when: { "field:v": true } }],
  ])("refuses a field in %s where the signature is no list", (_, words) => {
    expect(refusalOf(words)).toContain("needs a signature with a separator");
    expect(refusalOf({ ...words, signature: { from: "header:x-sig", separator: ",", prefix: "v1=", encoding: "hex" } })).toBe(
      "it is taken",
    );
  });

  it("refuses to judge a timestamp that nobody signs", () => {
    const timestamp = { from: "header:x-ts", unit: "s", tolerance: 300 };
    expect(refusalOf({ timestamp })).toContain("an unsigned timestamp proves nothing");
    expect(refusalOf({ timestamp: { ...timestamp, tolerance: "unchecked" } })).toBe("it is taken");
    expect(refusalOf({ timestamp: { ...timestamp, from: "json:at" } })).toBe("it is taken");
  });

  it("refuses a window that would refuse honest retries", () => {
    expect(refusalOf({ ...stamped, retriesFor: 301 })).toContain("a tolerance of 300 s would refuse them");
    expect(refusalOf({ ...stamped, retriesFor: 301, signedAnew: false })).toContain("retries go on for 301 s");
    expect(refusalOf({ ...stamped, retriesFor: 301, signedAnew: true })).toBe("it is taken");
    expect(refusalOf({ ...stamped, retriesFor: 300 })).toBe("it is taken");
  });

  it.each([-1, Number.NaN, "300", { past: 300 }])("refuses the tolerance %j", (tolerance) => {
    expect(refusalOf({ ...stamped, timestamp: { ...stamped.timestamp, tolerance } })).toContain("timestamp.tolerance");
  });

  it.each<[string, Words]>([
    ["content", { content: "{body|hmac-hex}" }],
    ["require", { require: { "header:x": "{body|hmac-hex}" } }],
    ["when", { when: { "header:x": "{body|hmac-hex}" } }],
    ["success", { success: { text: "{body|hmac-hex}" } }],
    ["a handshake's condition", { handshake: [{ when: { "header:x": "{body|hmac-hex}" }, reply: {} }] }],
  ])("refuses a text computed with the secret in %s: it is for answers to handshakes alone", (_, words) => {
    expect(refusalOf(words)).toContain("hmac");
  });

  it("refuses a body that is unique and not signed", () => {
    expect(refusalOf({ unique: "body" })).toBe("it is taken");
    expect(refusalOf({ unique: "body", content: "{json:id}" })).toContain('unique is "body"');
    expect(refusalOf({ unique: "body", content: "{url}{params}" })).toContain('unique is "body"');
    const token = { algorithm: "token", token: { from: "header:x" }, signature: undefined, content: undefined };
    expect(refusalOf({ unique: "body", ...token })).toBe("it is taken");
  });

  it("refuses to have no scheme", () => {
    expect(refusalOf({ algorithm: undefined, secret: undefined, signature: undefined, content: undefined, schemes: [] })).toContain(
      "schemes is empty",
    );
  });

  it("names the provider whose declaration is wrong", () => {
    expect(refusalOf({ content: "{boddy}" })).toMatch(/^defineProvider\(acme\): /);
  });
});

describe("scheme", () => {
  it("is one of several, which share what the declaration says of all", () => {
    const words = { algorithm: "hmac-sha256", secret: "utf8", content: "{body}" } as const;
    const preset = defineProvider({
      name: "acme",
      id: "json:id",
      tenant: "json:account",
      unique: "body",
      schemes: [
        scheme({ ...words, signature: { from: "header:x-new", encoding: "hex" } }),
        scheme({ ...words, signature: { from: "header:x-old", encoding: "hex" }, id: "json:old" }),
      ],
    });
    const { compiled } = preset({ secret: "s" })["~configured"];
    expect(compiled.schemes.map(({ words: { id, tenant, unique } }) => [id, tenant, unique])).toEqual([
      ["json:id", "json:account", "body"],
      ["json:old", "json:account", "body"],
    ]);
  });
});
