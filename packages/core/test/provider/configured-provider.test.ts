import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { createVerifier } from "../../src/verifier.js";
import { declareAcme, WORDS, type Words } from "./acme.js";

const ed = generateKeyPairSync("ed25519").publicKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
const rawHex = ed.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
const pair = { algorithm: "ed25519", secret: undefined, publicKey: "raw-hex" };
const configure = (words: Words, options: unknown) => declareAcme(words)(options as object);
const refusalOf = (words: Words, options: unknown): string => {
  try {
    configure(words, options);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "it is taken";
};

describe("configureProvider", () => {
  it.each<[string, Words, unknown, string]>([
    ["no options", {}, undefined, "acme: expected an object of options"],
    ["null", {}, null, "acme: expected an object of options"],
    ["an option of another kind", {}, { secret: "s", secrt: "t" }, "acme.secrt: acme has no such option; it has secret"],
    ["an option that every object has", {}, { secret: "s", toString: "x" }, "acme.toString: acme has no such option"],
    ["no secret", {}, {}, "acme.secret: none is configured"],
    ["an undefined secret", {}, { secret: undefined }, "acme.secret: none is configured"],
    ["a blank secret", {}, { secret: " " }, "acme.secret: it is empty or blank"],
    [
      "a public key where secrets are shared",
      {},
      { secret: "s", publicKey: "p" },
      "acme.publicKey: acme has no such option; it has secret",
    ],
    ["a URL that nobody signs", {}, { secret: "s", publicUrl: "https://a.example" }, "acme.publicUrl: acme has no such option"],
    ["a way to fetch what nobody fetches", {}, { secret: "s", fetchKey: async () => "" }, "acme.fetchKey: acme has no such option"],
    ["a place for secrets that nobody hands over", {}, { secret: "s", onSecret: () => {} }, "acme.onSecret: acme has no such option"],
    ["a secret that is no hex", { secret: "hex" }, { secret: "abxy" }, "acme.secret: it is not hex: character 3 is none of its alphabet;"],
    ["a secret that is no base64", { secret: "base64" }, { secret: "QQ=" }, "acme.secret: it is not base64: it is cut off"],
    ["a secret with white space before it", {}, { secret: " s" }, "acme.secret: it begins or ends with white space"],
    ["a secret with a line break after it", { secret: "hex" }, { secret: "abcd\n" }, "acme.secret: it begins or ends with white space"],
    ["a secret of zeros as text", {}, { secret: "\0\0" }, "acme.secret: it holds no bytes other than zero"],
    ["a secret of zeros once decoded", { secret: "hex" }, { secret: "0000" }, "acme.secret: it holds no bytes other than zero"],
    [
      "a secret without its prefix",
      { secret: { prefix: "whsec_", encoding: "base64" } },
      { secret: "QUJD" },
      "acme.secret: it does not begin with whsec_",
    ],
    [
      "a secret that is wrong after its prefix",
      { secret: { prefix: "whsec_", encoding: "base64" } },
      { secret: "whsec_?" },
      "acme.secret: it is not base64 after whsec_: character 1 is none of its alphabet",
    ],
    [
      "a secret that is nothing but its prefix",
      { secret: { prefix: "whsec_", encoding: "base64" } },
      { secret: "whsec_" },
      "acme.secret: it holds no bytes other than zero",
    ],
    [
      "a prefix with a star and nothing in its place",
      { secret: { prefix: "key-*-", encoding: "utf8" } },
      { secret: "key--abc" },
      "acme.secret: it does not begin with key-*-",
    ],
    ["a public key that is no hex", pair, { publicKey: "zz" }, "acme.publicKey: it is not hex"],
    ["a public key that is too short", pair, { publicKey: "abcd" }, "acme.publicKey: it has 2 bytes instead of 32"],
    ["a public key as bytes", pair, { publicKey: new Uint8Array(32).fill(1) }, "acme.publicKey: a public key is given as text"],
    [
      "a public key of another kind",
      { ...pair, publicKey: "pem" },
      { publicKey: rsa.export({ format: "pem", type: "spki" }) },
      "acme.publicKey: it is a key for rsa",
    ],
    ["no public key", pair, {}, "acme.publicKey: none is configured"],
    [
      "a JWK as an object",
      { ...pair, publicKey: "jwk" },
      { publicKey: ed.export({ format: "jwk" }) },
      "acme.publicKey: it is an object; expected a text, or { id, value } (a JWK as the text of its JSON)",
    ],
    [
      "a PEM whose line breaks are written out",
      { ...pair, publicKey: "pem" },
      { publicKey: ed.export({ format: "pem", type: "spki" }).toString().replaceAll("\n", "\\n") },
      "acme.publicKey: its line breaks are written as \\n",
    ],
    ["five public keys, of which four would be tried", pair, { publicKey: Array(5).fill(rawHex) }, "acme.publicKey: there are 5"],
    [
      "no URL where it is signed",
      { content: "{url}{body}" },
      { secret: "s" },
      "acme.publicUrl: the provider signs the URL, so it must be configured",
    ],
    [
      "a URL without its scheme",
      { content: "{publicUrl}{body}" },
      { secret: "s", publicUrl: "a.example/x" },
      "acme.publicUrl: expected the https URL",
    ],
    [
      "a URL of another kind",
      { content: "{url|portless}{body}" },
      { secret: "s", publicUrl: "ftp://a.example/x" },
      "acme.publicUrl: expected the https URL",
    ],
    [
      "a URL without a host",
      { content: "{url}{body}" },
      { secret: "s", publicUrl: "https:///x" },
      "acme.publicUrl: expected the https URL",
    ],
    [
      "a URL with the line break of its file",
      { content: "{url}{body}" },
      { secret: "s", publicUrl: "https://a.example/x\n" },
      "acme.publicUrl: expected the https URL",
    ],
    [
      "a URL that is no text",
      { content: "{url}{body}" },
      { secret: "s", publicUrl: new URL("https://a.example") },
      "acme.publicUrl: expected the https URL",
    ],
    [
      "no value for an option",
      { options: { name: "text" }, content: "{option:name}{body}" },
      { secret: "s" },
      "acme.name: it is missing; is its environment variable set?",
    ],
    [
      "a blank option",
      { options: { name: "text" }, content: "{option:name}{body}" },
      { secret: "s", name: " " },
      "acme.name: expected a text that is not blank",
    ],
    [
      "an option that is no text",
      { options: { name: { default: "x" } }, content: "{option:name}{body}" },
      { secret: "s", name: 7 },
      "acme.name: expected a text that is not blank",
    ],
    [
      "a secret option with white space around it",
      { options: { token: "secret" } },
      { secret: "s", token: "x " },
      "acme.token: it begins or ends with white space",
    ],
    [
      "a secret option that is a word",
      { options: { token: "secret" } },
      { secret: "s", token: "undefined" },
      "acme.token: it is the word undefined",
    ],
    [
      "a name that no header has",
      { options: { header: "text" }, id: "query:{option:header}", require: { "header:{option:header}": true } },
      { secret: "s", header: "\n" },
      "acme.header: expected a text that is not blank",
    ],
    [
      "a name with a blank in it",
      { options: { header: "text" }, signature: { from: "header:{option:header}", encoding: "hex" } },
      { secret: "s", header: "X Sig" },
      "acme: no header has such a name: header:x sig",
    ],
    [
      "a way to fetch that is none",
      { handshake: [{ when: { "header:x": true }, learns: "header:x", reply: {} }] },
      { secret: "s", onSecret: "x" },
      "acme.onSecret: expected a function",
    ],
  ])("refuses %s", (_, words, options, message) => {
    expect(refusalOf(words, options)).toContain(message);
  });

  it("takes options that are undefined for options left out", () => {
    expect(refusalOf({}, { secret: "s", publicKey: undefined, publicUrl: undefined, fetchKey: undefined, onSecret: undefined })).toBe(
      "it is taken",
    );
    expect(refusalOf({ options: { name: { default: "x" } } }, { secret: "s", name: undefined })).toBe("it is taken");
  });

  it("writes the name of a header in lower case, however the user wrote it", () => {
    const words = { options: { header: "text" }, signature: { from: "header:{option:header}", encoding: "hex" } };
    const { schemes } = configure(words, { secret: "s", header: "X-My-Signature" })["~configured"].compiled;
    expect(schemes[0]?.signature?.places[0]?.name).toBe("x-my-signature");
  });

  it("takes a secret without a prefix that is optional, and as bytes", () => {
    const words = { secret: { prefix: "whsec_", encoding: "base64", optional: true } };
    for (const secret of ["whsec_QUJD", "QUJD", Uint8Array.of(65)]) expect(refusalOf(words, { secret })).toBe("it is taken");
  });

  it("takes base64 without its padding, as both official libraries of Standard Webhooks do", () => {
    for (const secret of ["QUI=", "QUI", "QQ==", "QQ"]) expect(refusalOf({ secret: "base64" }, { secret })).toBe("it is taken");
    for (const secret of ["QQ=", "Q", "QUJ", "QR", "QUI*"]) expect(refusalOf({ secret: "base64" }, { secret })).not.toBe("it is taken");
  });

  it("takes the key of a token by the token's algorithm", () => {
    const mechanism = { mechanism: "jwt", verify: () => undefined };
    const token = { secret: undefined, signature: undefined, content: undefined, token: { from: "header:x" }, publicKey: "pem", mechanism };
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "pem", type: "spki" });
    const rsaPem = rsa.export({ format: "pem", type: "spki" });
    expect(refusalOf({ ...token, algorithm: "jwt-es256" }, { publicKey: ec })).toBe("it is taken");
    expect(refusalOf({ ...token, algorithm: "jwt-rs256" }, { publicKey: rsaPem })).toBe("it is taken");
    expect(refusalOf({ ...token, algorithm: "jwt-rs256" }, { publicKey: ec })).toContain("it is a key for ec");
    expect(refusalOf({ secret: { prefix: "key-", encoding: "utf8" } }, { secret: "key-abc" })).toBe("it is taken");
  });

  it("takes a public key with its prefix, and with blanks around it", () => {
    expect(refusalOf({ ...pair, publicKey: { prefix: "whpk_", encoding: "raw-hex" } }, { publicKey: ` whpk_${rawHex}\n` })).toBe(
      "it is taken",
    );
    expect(refusalOf({ ...pair, publicKey: { prefix: "whpk_", encoding: "raw-hex" } }, { publicKey: rawHex })).toContain("whpk_");
  });

  it("takes a public key in base64 without its padding", () => {
    const key = ed.export({ format: "jwk" }).x?.replaceAll("-", "+").replaceAll("_", "/");
    expect(refusalOf({ ...pair, publicKey: "raw-base64" }, { publicKey: key })).toBe("it is taken");
    const spki = rsa.export({ format: "der", type: "spki" }).toString("base64").replace(/=+$/, "");
    expect(refusalOf({ ...pair, algorithm: "rsa-sha256", publicKey: "spki-base64" }, { publicKey: spki })).toBe("it is taken");
    expect(refusalOf({ ...pair, publicKey: "raw-base64" }, { publicKey: `${key}==` })).toContain("it is not base64");
  });

  it("lets one of two schemes go without its key, but not with a missing variable", () => {
    const schemes = [
      { scheme: { ...WORDS, name: undefined } },
      { scheme: { algorithm: "ed25519", publicKey: "raw-hex", signature: WORDS.signature, content: "{body}" } },
    ];
    const words = { schemes, algorithm: undefined, secret: undefined, signature: undefined, content: undefined };
    expect(configure(words, { secret: "s" })["~configured"].schemes).toHaveLength(1);
    expect(configure(words, { publicKey: rawHex })["~configured"].schemes).toHaveLength(1);
    expect(configure(words, { secret: "s", publicKey: rawHex })["~configured"].schemes).toHaveLength(2);
    expect(refusalOf(words, { secret: undefined, publicKey: rawHex })).toContain("acme.secret: none is configured");
    expect(refusalOf(words, {})).toMatch(/acme\.(secret|publicKey): none is configured/);
    expect(refusalOf(words, { secert: "s" })).toContain("it has secret, publicKey");
  });

  it("names fetchKey and publicUrl among what it knows, where they count", () => {
    const mechanism = { mechanism: "keys", keys: async () => [] };
    const fetched = {
      algorithm: "rsa-sha256",
      secret: undefined,
      publicKey: { url: "https://a.example/keys", as: "jwks", mechanism },
      content: "{url}{body}",
    };
    expect(refusalOf(fetched, { publicUrl: "https://a.example", x: 1 })).toContain("it has fetchKey, publicUrl");
    expect(refusalOf(fetched, { publicUrl: "https://a.example", publicKey: "x" })).toContain("it has fetchKey, publicUrl");
    expect(refusalOf(fetched, { publicUrl: "https://a.example", fetchKey: 7 })).toContain("acme.fetchKey: expected a function");
  });

  it("needs the URL, and takes it, wherever the declaration speaks of it", () => {
    const words = { handshake: [{ when: { method: "GET" }, unsigned: true, reply: { text: "{publicUrl}" } }] };
    expect(refusalOf(words, { secret: "s" })).toContain("acme.publicUrl");
    expect(refusalOf(words, { secret: "s", publicUrl: "https://a.example" })).toBe("it is taken");
  });

  it("never says a secret that it refuses", () => {
    for (const words of [{ secret: "hex" }, { secret: "base64" }, { secret: { prefix: "whsec_", encoding: "base64" } }])
      expect(refusalOf(words, { secret: "hunter2-!" })).not.toContain("hunter2");
    expect(refusalOf(pair, { publicKey: "hunter2-!" })).not.toContain("hunter2");
  });
});

describe("a configured provider", () => {
  it("shows no secret to whoever looks at it, or writes it down", async () => {
    const words = {
      options: { verifyToken: "secret" },
      handshake: [{ when: { "query:t": "{option:verifyToken}" }, unsigned: true, reply: { text: "{body|hmac-hex}" } }],
    };
    const secrets = ["hunter2-one", { id: "named", value: "hunter2-two" }];
    const provider = configure(words, { secret: secrets, verifyToken: "hunter2-three" });
    const verifier = createVerifier({ provider, observe: false });
    const error = await verifier.verify({ headers: { "x-sig": "ab" }, body: "x" }).catch((thrown: unknown) => thrown);
    for (const thing of [provider, verifier, error]) {
      const shown = inspect(thing, { depth: Number.POSITIVE_INFINITY });
      const hidden = inspect(thing, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      for (const text of [shown, hidden, JSON.stringify(thing) ?? "", String(thing)]) {
        expect(text).not.toContain("hunter2");
        expect(text).not.toContain(Buffer.from("hunter2").toString("hex"));
        expect(text).not.toContain("104, 117, 110, 116");
      }
    }
  });
});
