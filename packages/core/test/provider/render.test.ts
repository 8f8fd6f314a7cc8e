import { createHash, createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { importSecret } from "#crypto";
import { Refusal } from "../../src/errors.js";
import { type Ink, macInputs, render } from "../../src/provider/render.js";
import { compileTemplate } from "../../src/provider/template.js";
import { toUtf8 } from "../../src/signature/encodings.js";
import { attemptOf, type Given, type Words } from "./acme.js";

const SECRET = importSecret(toUtf8("k"));

async function bytesOf(text: string, given: Given, words: Words = {}, settings = {}, secret: Ink["secret"] | "none" = SECRET) {
  const attempt = attemptOf(given, words, { options: {}, publicUrl: "https://acme.example/", ...settings });
  const { context, hash } = attempt.scheme;
  try {
    const parts = await render(compileTemplate(text, context), attempt, { context, hash, secret: secret === "none" ? undefined : secret });
    return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
const textOf = async (...args: Parameters<typeof bytesOf>): Promise<string> => (await bytesOf(...args)).toString();

describe("render", () => {
  it("writes the body's bytes as they are, whatever they are", async () => {
    const body = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(await bytesOf("v0:{body}:{body}", { body })).toEqual(Buffer.concat([Buffer.from("v0:"), body, Buffer.from(":"), body]));
    expect(await textOf("{body}", { body: "$& $1 {body} [x]" })).toBe("$& $1 {body} [x]");
  });

  it("hands one body over without copying it", async () => {
    const attempt = attemptOf({ body: "x" });
    const { context, hash } = attempt.scheme;
    const parts = await render(compileTemplate("v0:{body}", context), attempt, { context, hash, secret: undefined });
    expect(parts[0]).toBe("v0:");
    expect(parts[1]).toBe(attempt.reading.body);
  });

  it.each<[string, Given, string]>([
    ["{method} {header:x-a}", { method: "PUT", headers: { "x-a": "1" } }, "PUT 1"],
    ["{query:a}-{json:b}", { url: "/?a=1", body: '{"b":2}' }, "1-2"],
    ["é{json:b}", { body: '{"b":"ü"}' }, "éü"],
    ["a{json:b}c", { body: '{"b":""}' }, "ac"],
    ["{header:x-a|lower}", { headers: { "x-a": "ABC" } }, "abc"],
    ["{query:u|port}", { url: "/?u=https%3A%2F%2Fa.example" }, "https://a.example:443"],
    ["{query:u|portless}", { url: "/?u=https%3A%2F%2Fa.example:1" }, "https://a.example"],
    ["{header:x-a|unescape}", { headers: { "x-a": "%3a%2F%3F%40%21%24%27%28%29%2A%2C%3B%20%41" } }, ":/?@!$'()*,;%20%41"],
    ["{body|crc32}", { body: "abc" }, String(crc32("abc"))],
    ["{json:b|crc32}", { body: '{"b":"ü"}' }, String(crc32("ü"))],
    ["{header:x-a|crc32}", { headers: { "x-a": "\u00fc" } }, String(crc32(Buffer.from("\u00fc", "latin1")))],
    ["{body|lower}", { body: "ABC" }, "ABC"],
    ["{body|sha256-hex}", { body: "abc" }, createHash("sha256").update("abc").digest("hex")],
    ["{json:b|sha256-base64}", { body: '{"b":"ü"}' }, createHash("sha256").update("ü").digest("base64")],
    ["{body|sha256-base64url}", { body: "abc" }, createHash("sha256").update("abc").digest("base64url")],
    ["{query:a|hmac-hex}", { url: "/?a=1" }, createHmac("sha256", "k").update("1").digest("hex")],
    ["{body|hmac-base64}", { body: "x" }, createHmac("sha256", "k").update("x").digest("base64")],
    ["{secret}", {}, "k"],
  ])("writes %s of %j", async (text, given, expected) => {
    expect(await textOf(text, given)).toBe(expected);
  });

  it("writes a header's characters as the bytes of the wire, and JSON's as UTF-8", async () => {
    const headers = { "x-a": "\u00c3\u00a9" };
    expect(await bytesOf("{header:x-a}", { headers })).toEqual(Buffer.from("é"));
    expect(await bytesOf("{json:b}", { body: '{"b":"\u00c3\u00a9"}' })).toEqual(Buffer.from("\u00c3\u00a9"));
    const words = { timestamp: { from: "header:x-a", unit: "s", tolerance: "unchecked" } };
    expect(await bytesOf("{timestamp}", { headers }, words)).toEqual(Buffer.from("é"));
    expect(await bytesOf("{url}", { url: "/\u00c3\u00a9" })).toEqual(Buffer.from("https://acme.example/é"));
  });

  it("drops a part in brackets where one of its atoms is missing, and refuses elsewhere", async () => {
    const text = "[id:{query:id};][a:{header:x-a},b:{header:x-b|lower};][ts;]end{body}[]";
    expect(await textOf(text, { url: "/?id=7", headers: { "x-a": "1", "x-b": "B" } })).toBe("id:7;a:1,b:b;[ts;]end[]");
    expect(await textOf(text, { headers: { "x-a": "1" } })).toBe("[ts;]end[]");
    expect(await textOf("{query:id}", {})).toBe("HEADER_MISSING");
    expect(await textOf("{query:id|sha256-hex}", {})).toBe("HEADER_MISSING");
    expect(await textOf("[{query:id|sha256-hex}]x", {})).toBe("x");
    expect(await textOf("[{query:id|sha256-hex}]x", { url: "/?id=1" })).toBe(`${createHash("sha256").update("1").digest("hex")}x`);
  });

  it("signs with the secret only where there is one", async () => {
    expect(await textOf("{body|hmac-hex}", { body: "x" }, {}, {}, "none")).toBe("HANDSHAKE_REFUSED");
    expect(await textOf("{secret}", {}, {}, {}, "none")).toBe("HEADER_MISSING");
  });

  it("writes options as they are configured, in names too", async () => {
    const text = { options: { name: "text" } };
    expect(await bytesOf("{option:name}", {}, text, { options: { name: "é" } })).toEqual(Buffer.from("é"));
    const words = { options: { name: "text", header: "text" } };
    const settings = { options: { name: "n{body}", header: "X-Mine" } };
    expect(await textOf("{option:name}:{header:{option:header}}", { headers: { "X-Mine": "1" }, body: "b" }, words, settings)).toBe(
      "n{body}:1",
    );
  });

  it("takes origin and path from the configured URL, the query from the delivery, and the path where none is configured", async () => {
    const url = async (publicUrl: string, target: string, atom = "url") => textOf(`{${atom}}`, { url: target }, {}, { publicUrl });
    expect(await url("https://a.example", "/hook?x=%2F")).toBe("https://a.example/hook?x=%2F");
    expect(await url("https://a.example/", "/hook?x=1")).toBe("https://a.example/hook?x=1");
    expect(await url("https://a.example/public?ignored=1", "/hook?x=1")).toBe("https://a.example/public?x=1");
    expect(await url("https://a.example/public", "/hook")).toBe("https://a.example/public");
    expect(await url("https://a.example/public?y=1", "/hook?x=1", "publicUrl")).toBe("https://a.example/public?y=1");
  });

  it("sorts form parameters by name, and a name's distinct values", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(await textOf("{params}", { headers: form, body: "b=2&a=z&B=1&a=y&a=z&c=" })).toBe("B1ayazb2c");
    expect(await textOf("{params}", { headers: form, body: "" })).toBe("");
    expect(await textOf("{params}", { headers: { "content-type": "application/json" }, body: "{}" })).toBe("SIGNATURE_MISMATCH");
    expect(await textOf("{params}", { body: "a=1&__proto__=2" }, { id: "form:a" })).toBe("__proto__2a1");
  });
});

describe("macInputs", () => {
  it("lists what would be signed with the secret, bytes and missing texts as nothing", () => {
    const attempt = attemptOf({ url: "/?a=1", body: "x" });
    const { context, hash } = attempt.scheme;
    const inputs = (text: string) => macInputs(compileTemplate(text, context), attempt, { context, hash, secret: SECRET });
    expect(inputs("{query:a} {query:a|sha256-hex} {query:b|lower} text")).toEqual([]);
    expect(inputs("{query:a|hmac-hex}[{query:b|hmac-hex}]{body|hmac-base64}")).toEqual(["1", "", ""]);
  });
});
