import { describe, expect, it } from "vitest";
import type { AnyScheme } from "../../src/provider/declaration.js";
import type { JwtMechanism } from "../../src/provider/mechanism.js";
import { coverageOf, type SignedParts } from "../../src/provider/signed-parts.js";
import type { Words } from "./acme.js";

const mechanism: JwtMechanism = { mechanism: "jwt", verify: () => undefined };
const jwt = { algorithm: "jwt-hs256", token: { from: "header:x" }, mechanism };
const at = (from: string) => ({ from, unit: "s", tolerance: "unchecked" });
const wordsOf = (words: Words): AnyScheme => words as unknown as AnyScheme;

/** The names of what is signed. */
const signed = (words: Words): string[] => {
  const { parts } = coverageOf(wordsOf({ algorithm: "hmac-sha256", ...words }));
  return (Object.keys(parts) as (keyof SignedParts)[]).filter((part) => parts[part]).sort();
};

describe("coverageOf", () => {
  it.each<[string, Words, string[]]>([
    [
      "the body, and what stands in it",
      { content: "{body}", id: "json:id", type: ["json:a", "form:b"], timestamp: at("json:at") },
      ["body", "id", "payload", "timestamp", "type"],
    ],
    [
      "the body, and no header",
      { content: "{body}", id: "header:x-id", type: "header:x-type", timestamp: at("header:x-at") },
      ["body", "payload"],
    ],
    ["a mixed composite not at all", { content: "{body}", id: ["json:a", "header:b"] }, ["body", "payload"]],
    [
      "one of several only if each is",
      { content: "{body}", id: { either: ["json:a", "header:b"] }, type: { either: ["json:a", "json:b"] } },
      ["body", "payload", "type"],
    ],
    ["the one other key of a signed body", { content: "{body}", type: { keyBesides: ["x"] } }, ["body", "payload", "type"]],
    ["no key of a body that is not signed", { content: "{json:a}", type: { keyBesides: ["x"] } }, []],
    [
      "{id} and {timestamp}",
      { content: "{id}.{timestamp}.{body}", id: "header:x-id", timestamp: at("header:x-at") },
      ["body", "id", "payload", "timestamp"],
    ],
    ["a source that stands in the content by itself", { content: "{header:x-id}{body}", id: "header:x-id" }, ["body", "id", "payload"]],
    ["a hash of the body", { content: "{body|sha256-hex}" }, ["body", "payload"]],
    ["not what only a checksum covers", { content: "{timestamp}{body|crc32}", timestamp: at("header:x-at") }, ["timestamp"]],
    ["not what is signed in lower case: its case can be changed", { content: "{query:id|lower}", id: "query:id" }, []],
    ["parameters, and fields of the form", { content: "{url}{params}", id: "form:id", type: "header:x" }, ["id", "payload", "url"]],
    ["the URL, and its query", { content: "{url|portless}", id: "query:id" }, ["id", "url"]],
    ["not what is signed without its escapes: they can be put back", { content: "{url|unescape}", id: "query:id" }, []],
    ["the configured URL, and not the query that came", { content: "{publicUrl}{body}", id: "query:id" }, ["body", "payload", "url"]],
    [
      "what a condition holds against the signed URL",
      { content: "{url}", require: { "query:h": "{body|sha256-hex}" } },
      ["body", "payload", "url"],
    ],
    [
      "not what a condition holds against an unsigned text",
      { content: "{json:a}", require: { "header:h": "{body|sha256-hex}", "query:h": "{body|sha256-hex}" } },
      [],
    ],
    ["not what must only be there", { content: "{url}", require: { "query:h": true } }, ["url"]],
    [
      "a token in a form, and nothing of the payload",
      { content: "{timestamp}{form:token}", timestamp: at("form:timestamp"), type: "form:event" },
      ["timestamp"],
    ],
    ["fields of the payload, and not the type", { content: "{json:a}:{json:b}", id: "json:a", type: "json:c" }, ["id"]],
    [
      "a form's field that holds the payload",
      { content: "{form:payload}", payload: "form:payload", id: "json:a", type: "json:b" },
      ["id", "payload", "type"],
    ],
    [
      "the form's field that holds the payload, by its parameters",
      { content: "{url}{params}", payload: "form:payload", id: "json:a", type: { keyBesides: ["a"] } },
      ["id", "payload", "type", "url"],
    ],
    ["fields of the form by its parameters", { content: "{params}", id: "form:id", type: "form:event" }, ["id", "payload", "type"]],
    ["fields of the payload, and no other", { content: "{json:a}:{json:b}", signature: { from: "json:sig" }, id: "json:a" }, ["id"]],
    ["not the envelope for a field of the same name", { content: "{json:data}", payload: "json:data", id: "json:id" }, []],
    [
      "not the envelope of the proof itself",
      {
        content: "{timestamp}{json:signature.token}",
        signature: { from: "json:signature.signature" },
        timestamp: at("json:signature.timestamp"),
      },
      ["timestamp"],
    ],
    ["sorted parts", { content: { sorted: ["{timestamp}", "{json:a}"] }, timestamp: at("query:t") }, ["timestamp"]],
    ["a name that the user chooses", { content: "{header:{option:h}}{body}", id: "header:{option:h}" }, ["body", "id", "payload"]],
    [
      "nothing, by a token",
      { algorithm: "token", token: { from: "header:x" }, id: "json:id", type: "header:x", timestamp: at("json:t") },
      [],
    ],
    ["claims, by a JWT", { ...jwt, id: "claim:jti", timestamp: at("claim:iat"), type: "json:t" }, ["id", "timestamp"]],
    [
      "what claims are held against",
      { ...jwt, require: { "claim:h": "{body|sha256-hex}", "claim:u": "{url}" }, type: "json:t" },
      ["body", "payload", "type", "url"],
    ],
  ])("covers %s", (_, words, expected) => {
    expect(signed(words)).toEqual(expected);
  });

  it("tells of any source whether it is covered", () => {
    const { covers } = coverageOf(wordsOf({ algorithm: "hmac-sha256", content: "{body}" }));
    expect([covers("json:tenant"), covers("header:x-tenant"), covers(undefined)]).toEqual([true, false, false]);
  });
});
