import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compileMatch, matches } from "../../src/provider/condition.js";
import type { Match } from "../../src/provider/declaration.js";
import { attemptOf, type Given } from "./acme.js";

const holds = async (match: Match, given: Given): Promise<boolean> => {
  const attempt = attemptOf(given);
  const { context, hash } = attempt.scheme;
  return matches(compileMatch(match, context), attempt, { context, hash, secret: undefined });
};
const sha = createHash("sha256").update("x").digest("base64");

describe("matches", () => {
  it.each<[Match, Given, boolean]>([
    [{}, {}, true],
    [{ method: "GET" }, { method: "GET" }, true],
    [{ method: "GET" }, { method: "POST" }, false],
    [{ "header:x": true }, { headers: { x: "" } }, true],
    [{ "header:x": true }, {}, false],
    [{ "header:x": false }, {}, true],
    [{ "header:x": false }, { headers: { x: "1" } }, false],
    [{ "query:a": "1" }, { url: "/?a=1" }, true],
    [{ "query:a": "1" }, { url: "/?a=10" }, false],
    [{ "query:a": "1" }, {}, false],
    [{ "json:a": "é" }, { body: '{"a":"é"}' }, true],
    [{ "header:x": "é" }, { headers: { x: "\u00c3\u00a9" } }, true],
    [{ "json:a": "true", "json:b": "7" }, { body: '{"a":true,"b":7}' }, true],
    [{ "json:a": "true", "json:b": "7" }, { body: '{"a":true,"b":8}' }, false],
    [{ "query:a": "{header:x}" }, { url: "/?a=1", headers: { x: "1" } }, true],
    [{ "query:h": "{body|sha256-base64}" }, { url: `/?h=${encodeURIComponent(sha)}`, body: "x" }, true],
    [{ "query:h": "{body|sha256-base64}" }, { url: `/?h=${encodeURIComponent(sha.replace(/=+$/, ""))}`, body: "x" }, true],
    [{ "query:h": "{body|sha256-base64}" }, { url: `/?h=${encodeURIComponent(sha)}`, body: "y" }, false],
    [{ "query:h": "{body|sha256-base64}", "query:a": "1" }, { url: `/?a=1&h=${encodeURIComponent(sha)}`, body: "x" }, true],
    [{ "query:h": "{body|sha256-base64}", "query:a": "1" }, { url: `/?a=2&h=${encodeURIComponent(sha)}`, body: "x" }, false],
    [{ "query:h": "{body|sha256-base64}", "query:a": "1" }, { url: "/?a=1&h=x", body: "x" }, false],
    [{ "query:a": "" }, { url: "/?a=" }, true],
    [{ body: "json" }, { body: ' \n{"a":1}' }, true],
    [{ body: "json" }, { body: "[", headers: { "content-type": "text/plain" } }, true],
    [{ body: "json" }, { body: "a=1", headers: { "content-type": "application/json" } }, false],
    [{ body: "form" }, { body: "a=1" }, true],
    [{ body: "form" }, { body: "" }, true],
    [{ body: "form" }, { body: "{}" }, false],
  ])("holds all of %j against %j: %s", async (match, given, expected) => {
    expect(await holds(match, given)).toBe(expected);
  });
});

describe("compileMatch", () => {
  it.each<Match>([
    { "json:a": "1", "query:a": "1", "header:x": true, body: "json", method: "GET" },
    { method: "GET", body: "json", "header:x": true, "query:a": "1", "json:a": "1" },
  ])("lets what comes before the body spare it from being parsed, in whatever order it is written: %j", async (match) => {
    const broken = { body: "{", headers: { "content-type": "application/json", x: "1" } };
    expect(await holds(match, { ...broken, method: "POST", url: "/?a=1&a=2" })).toBe(false);
    expect(await holds(match, { ...broken, method: "GET", url: "/?a=2" })).toBe(false);
    expect(await holds(match, { ...broken, method: "GET", url: "/?a=1", body: "a=1" })).toBe(false);
    await expect(holds(match, { ...broken, method: "GET", url: "/?a=1" })).rejects.toMatchObject({ code: "PAYLOAD_MALFORMED" });
  });

  it("knows what can be decided at once, before the body is read", () => {
    const { context } = attemptOf({}).scheme;
    const early = (match: Match | undefined): boolean => compileMatch(match, context).early;
    expect([undefined, { method: "GET" }, { "header:x": true, "query:a": "{header:x}" }].map((match) => early(match as Match))).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      [{ body: "json" }, { "json:a": true }, { "query:a": "{body}" }, { "query:a": "{method|sha256-hex}" }].map((match) =>
        early(match as Match),
      ),
    ).toEqual([false, false, false, false]);
  });
});
