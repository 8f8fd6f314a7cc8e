import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { defineProvider, scheme } from "../../src/provider/define-provider.js";
import { declareAcme, type Words } from "./acme.js";
import { refusalOf } from "./refusal-of.js";

const stamped = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 } };

describe("defineProvider", () => {
  it("names the page that explains a refusal once", () => {
    const declare = () => declareAcme({ timestamp: { from: "header:x-ts", unit: "s", tolerance: -1 } });
    expect(declare).toThrow(/^defineProvider\(acme\): timestamp\.tolerance: saw -1; expected seconds[^(]*\([^(]*#misconfigured\)$/);
  });

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
    ["an atom in {secret}'s place", { content: "{secret}" }, "content: expected a text with an atom of the delivery"],
    ["an atom of a condition", { require: { "header:x": "{boddy}" } }, "no such source: boddy"],
    ["a condition's source", { require: { "heder:x": true } }, "no such source: heder:x"],
    ["a condition that is neither", { require: { "header:x": 7 } }, "header:x is neither present, absent nor a template"],
    ["an atom of when", { when: { "query:a": "{quary:b}" } }, "no such source: quary:b"],
    [
      "an atom of a handshake's reply",
      { handshake: [{ when: { "header:x": true }, reply: { text: "{jsn:challenge}" } }] },
      "no such source: jsn:challenge",
    ],
    [
      "an atom deep in a JSON reply",
      { handshake: [{ when: { "header:x": true }, reply: { json: { a: [{ b: "{boddy}" }] } } }] },
      "no such source: boddy",
    ],
    [
      "an atom of a reply's header",
      { handshake: [{ when: { "header:x": true }, reply: { headers: { "x-a": "{boddy}" } } }] },
      "no such source: boddy",
    ],
    ["a text of the success reply", { success: { text: 5 } }, "success.text: expected a text"],
    ["an atom of the success reply", { success: { text: "{boddy}" } }, "no such source: boddy"],
    [
      "a secret that a handshake hands over",
      { handshake: [{ when: { "header:x": true }, learns: "heder:x", reply: {} }] },
      "no such source: heder:x",
    ],
    ["an option", { content: "{option:nme}{body}", options: { name: "text" } }, "no such option: nme"],
    ["an option in a name", { content: "{header:{option:nme}}{body}" }, "no such option: nme"],
    ["an option that every object has", { content: "{option:toString}{body}" }, "no such option: toString"],
    ["a timestamp that is none", { content: "{timestamp}{body}" }, "{timestamp} needs a timestamp that is one source"],
    ["an id that is composite", { content: "{id}{body}", id: ["json:a", "json:b"] }, "{id} needs an id that is one source"],
    ["an id that is none", { content: "{id}{body}" }, "{id} needs an id that is one source"],
    ["a tenant", { tenant: "shop" }, "no such source: shop"],
    ["a type", { type: { either: ["json:a", "jsn:b"] } }, "no such source: jsn:b"],
  ])("refuses a misspelt word: %s", (_, words, message) => {
    expect(refusalOf(words)).toContain(message);
  });

  it.each(["{body", "{body}}", "[{body}", "{body}]", "[[{body}]]", "{a{b}}", "[{body]}"])("refuses the unbalanced %s", (content) => {
    expect(refusalOf({ content })).toMatch(/unbalanced brackets|no such source/);
  });

  it.each([undefined, null, 5, "acme", []])("refuses the declaration %j", (declaration) => {
    expect(() => defineProvider(declaration as unknown as Parameters<typeof defineProvider>[0])).toThrow(ConfigurationError);
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
