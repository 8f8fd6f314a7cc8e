import { describe, expect, it } from "vitest";
import { WORDS, type Words } from "./acme.js";
import { refusalOf } from "./refusal-of.js";

const { name: _, ...core } = WORDS;
const none = { algorithm: undefined, secret: undefined, signature: undefined, content: undefined };
const pair = { algorithm: "ed25519", secret: undefined, publicKey: "raw-hex" };
const token = { algorithm: "token", signature: undefined, content: undefined, token: { from: "header:x" } };
const jwt = { ...token, algorithm: "jwt-hs256", mechanism: { mechanism: "jwt", verify: () => undefined } };
const fetched = { ...pair, publicKey: { url: "https://a.example", as: "jwks", mechanism: { mechanism: "keys", keys: async () => [] } } };
const stamped = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 } };

describe("checkDeclaration and checkScheme", () => {
  it.each<[string, Words, string]>([
    ["a word of the declaration", { tolerence: 300 }, "no such word: tolerence"],
    ["a word of the signature", { signature: { ...WORDS.signature, seperator: "," } }, "no such word: signature.seperator"],
    ["a word of the timestamp", { timestamp: { ...stamped.timestamp, tolerence: 1 } }, "no such word: timestamp.tolerence"],
    ["a word of the token", { ...token, token: { from: "header:x", prefx: "" } }, "no such word: token.prefx"],
    ["a word of a handshake", { handshake: [{ when: { "header:x": true }, unsined: true, reply: {} }] }, "no such word: handshake.unsined"],
    ["a word of its reply", { handshake: [{ when: { "header:x": true }, reply: { txt: "" } }] }, "no such word: handshake.reply.txt"],
    ["a word of the success reply", { success: { body: "" } }, "no such word: success.body"],
    ["a word of the secret's form", { secret: { prefx: "", encoding: "hex" } }, "no such word: secret.prefx"],
    ["a word of the key's form", { ...pair, publicKey: { prefix: "", form: "pem" } }, "no such word: publicKey.form"],
    ["a word of the content", { content: { sort: ["{body}"] } }, "no such word: content.sort"],
    ["a word of the id", { id: { eithr: ["json:a", "json:b"] } }, "no such word: id.eithr"],
    ["a word of a scheme", { ...none, schemes: [{ scheme: { ...core, toleranse: 1 } }] }, "no such word: schemes.toleranse"],
    ["a scheme that is none", { ...none, schemes: [core] }, "no such word: schemes.algorithm"],
  ])("refuse a word that there is not: %s", (_, words, message) => {
    expect(refusalOf(words)).toContain(message);
  });

  it.each([
    ["algorithm", { algorithm: "hmac-md5" }],
    ["signature.encoding", { signature: { from: "header:x", encoding: "base32" } }],
    ["signature.encoding", { signature: { from: "header:x" } }],
    ["signature.separator", { signature: { ...WORDS.signature, separator: "|" } }],
    ["signature.repeats", { signature: { ...WORDS.signature, repeats: "yes" } }],
    ["secret", { secret: "base58" }],
    ["secret", { secret: undefined }],
    ["secret.encoding", { secret: { prefix: "" } }],
    ["secret", { algorithm: "sha256", content: "{secret}{body}", secret: "base64" }],
    ["secret", { ...token, secret: { prefix: "t_", encoding: "utf8" } }],
    ["publicKey", { ...pair, algorithm: "rsa-sha256" }],
    ["publicKey.encoding", { ...pair, algorithm: "rsa-sha256", publicKey: { prefix: "k_", encoding: "raw-hex" } }],
    ["publicKey", { ...pair, publicKey: "der" }],
    ["publicKey", { ...pair, publicKey: undefined }],
    ["publicKey.encoding", { ...pair, publicKey: { prefix: "" } }],
    ["token.encoding", { ...token, token: { from: "header:x", encoding: "hex" } }],
    ["timestamp.unit", { timestamp: { from: "header:t", unit: "minutes", tolerance: "unchecked" } }],
    ["timestamp.unit", { timestamp: { from: "header:t", tolerance: "unchecked" } }],
    ["unique", { unique: "always" }],
    ["signedAnew", { signedAnew: "yes" }],
    ["methods", { methods: ["PSOT"] }],
    ["methods", { methods: ["post"] }],
    ["method", { when: { method: "get" } }],
    ["body", { when: { body: "xml" } }],
    ["handshake.unsigned", { handshake: [{ when: { "header:x": true }, unsigned: "yes", reply: {} }] }],
    ["algorithm", { algorithm: undefined }],
  ])("refuse a choice that there is not: %s", (word, words) => {
    expect(refusalOf(words)).toContain(`acme): ${word}: expected one of `);
  });

  it.each<[string, Words]>([
    ["signature", { signature: undefined }],
    ["signature", { signature: "header:x" }],
    ["signature.from", { signature: { encoding: "hex" } }],
    ["signature.from", { signature: { from: [], encoding: "hex" } }],
    ["signature.prefix", { signature: { ...WORDS.signature, prefix: 1 } }],
    ["signature.prefix", { signature: { ...WORDS.signature, separator: ",", prefix: " v1=" } }],
    ["signature.prefix", { signature: { ...WORDS.signature, separator: ",", prefix: "a,v1=" } }],
    ["signature.maxCandidates", { signature: { ...WORDS.signature, maxCandidates: 0 } }],
    ["secret.prefix", { secret: { encoding: "hex" } }],
    ["publicKey", { ...pair, publicKey: null }],
    ["publicKey.prefix", { ...pair, publicKey: { encoding: "pem" } }],
    ["publicKey.url", { ...pair, publicKey: { ...fetched.publicKey, url: 1 } }],
    ["publicKey.mechanism", { ...pair, publicKey: { ...fetched.publicKey, mechanism: {} } }],
    ["publicKey.as", { ...pair, publicKey: { ...fetched.publicKey, as: "jwk" } }],
    ["publicKey.hosts", { ...pair, publicKey: { ...fetched.publicKey, url: "json:cert" } }],
    ["publicKey.hosts", { ...pair, publicKey: { ...fetched.publicKey, url: "json:cert", hosts: [] } }],
    ["publicKey.hosts", { ...pair, publicKey: { ...fetched.publicKey, url: "header:x-cert", hosts: "a.example" } }],
    ["publicKey.hosts", { ...pair, publicKey: { ...fetched.publicKey, hosts: ["a.example"] } }],
    ["token", { ...token, token: undefined }],
    ["token.from", { ...token, token: {} }],
    ["token.prefix", { ...token, token: { from: "header:x", prefix: 1 } }],
    ["mechanism", { ...jwt, mechanism: undefined }],
    ["timestamp", { timestamp: "header:x" }],
    ["timestamp.from", { timestamp: { unit: "s", tolerance: "unchecked" } }],
    ["content", { content: undefined }],
    ["content", { content: "" }],
    ["content", { content: "v1" }],
    ["content", { content: "v1:{method}{publicUrl}{option:a}", options: { a: "text" } }],
    ["content", { content: ["{body}"] }],
    ["content", { content: 5 }],
    ["content", { content: { sorted: [] } }],
    ["content", { content: { sorted: "{body}" } }],
    ["content", { content: { sorted: ["{body}", 5] } }],
    ["content", { algorithm: "sha256" }],
    ["id", { id: 5 }],
    ["id", { id: [] }],
    ["id", { id: "" }],
    ["signature.from", { signature: { ...WORDS.signature, from: Array(1) } }],
    ["type", { type: {} }],
    ["type", { type: { either: "json:a" } }],
    ["type", { type: { keyBesides: "id" } }],
    ["type", { type: { either: ["json:a", "json:b"], keyBesides: ["id"] } }],
    ["tenant", { tenant: null }],
    ["tenant", { tenant: ["json:a", "json:b"] }],
    ["when", { when: 5 }],
    ["require", { require: "header:x" }],
    ["payload", { payload: "header:x" }],
    ["payload", { payload: "json:" }],
    ["payload", { payload: 5 }],
    ["methods", { methods: [] }],
    ["methods", { methods: "POST" }],
    ["retriesFor", { retriesFor: "3600" }],
    ["retriesFor", { retriesFor: -1 }],
    ["retriesFor", { retriesFor: 1e308 }],
    ["answerWithin", { answerWithin: Number.POSITIVE_INFINITY }],
    ["maxBytes", { maxBytes: 1.5 }],
    ["maxBytes", { maxBytes: "1mb" }],
    ["options", { options: true }],
    ["options.a", { options: { a: "number" } }],
    ["options.a", { options: { a: null } }],
    ["options.secret", { options: { secret: "text" } }],
    ["options.publicUrl", { options: { publicUrl: { default: "x" } } }],
    ["options.my-header", { options: { "my-header": "text" } }],
    ["payload", { options: { field: "text" }, payload: "form:{option:field}" }],
    ["success", { success: "ok" }],
    ["success", { success: { text: "ok", json: {} } }],
    ["success.text", { success: { text: 5 } }],
    ["success.headers", { success: { headers: "x" } }],
    ["success.headers", { success: { headers: { "x-a": 5 } } }],
    ["success.headers", { success: { headers: { "X-A": "x" } } }],
    ["success.headers", { success: { headers: { "x a": "x" } } }],
    ["success.status", { success: { status: 204, text: "ok" } }],
    ["success.status", { success: { status: 302 } }],
    ["success.status", { success: { status: "200" } }],
    ["handshake", { handshake: {} }],
    ["handshake", { handshake: ["x"] }],
    ["handshake.when", { handshake: [{ reply: {} }] }],
    ["handshake.reply", { handshake: [{ when: { "header:x": true } }] }],
    ["handshake.learns", { handshake: [{ when: { "header:x": true }, learns: 5, reply: {} }] }],
    ["handshake.reply.status", { handshake: [{ when: { "header:x": true }, reply: { status: 304, json: {} } }] }],
    ["handshake.reply.status", { handshake: [{ when: { "header:x": true }, reply: { status: 101 } }] }],
    ["schemes", { ...none, schemes: [] }],
    ["schemes", { ...none, schemes: {} }],
    ["schemes", { ...none, schemes: [{}] }],
  ])("refuse a word that is missing or of another kind: %s", (word, words) => {
    expect(refusalOf(words)).toContain(`acme): ${word}: expected `);
  });

  it.each<[string, Words]>([
    ["publicKey", { publicKey: "pem" }],
    ["secret", { ...pair, secret: "utf8" }],
    ["content", { ...token, content: "{body}" }],
    ["signature", { ...jwt, signature: WORDS.signature }],
    ["token", { token: { from: "header:x" } }],
    ["mechanism", { mechanism: jwt.mechanism }],
  ])("refuse a word of another algorithm: %s", (word, words) => {
    expect(refusalOf(words)).toContain(`${word} is no word of "`);
  });

  it.each(["secret", "signature", "content"] as const)("refuse %s beside several schemes", (word) => {
    expect(refusalOf({ ...none, [word]: core[word], schemes: [{ scheme: core }] })).toContain(`${word} stands beside schemes`);
  });

  it.each([core, pair, token, jwt, fetched, { algorithm: "sha256", content: "{secret|sha256-hex}{body}" }])("take %j", (words) => {
    expect(refusalOf(words)).toBe("it is taken");
  });
});

describe("checkHandshake", () => {
  it.each<[string, Words]>([
    ["nothing", {}],
    ["the method of deliveries", { method: "POST" }],
    ["the body's form", { body: "json" }],
    ["the signature, which every delivery has", { "header:x-sig": true }],
    ["the time, which every delivery has", { "header:x-ts": true }],
  ])("refuses a handshake that is told from other deliveries by %s", (_, when) => {
    for (const unsigned of [undefined, true])
      expect(refusalOf({ ...stamped, handshake: [{ when, unsigned, reply: {} }] })).toContain("handshake.when: expected what tells it");
  });

  it("refuses an unsigned handshake that is told by what is absent alone", () => {
    const when = { method: "POST", "header:x-sig": false };
    expect(refusalOf({ handshake: [{ when, unsigned: true, reply: {} }] })).toContain("handshake.when: expected what tells it");
    expect(refusalOf({ handshake: [{ when, reply: {} }] })).toBe("it is taken");
    expect(refusalOf({ handshake: [{ when: { ...when, "json:ping": true }, unsigned: true, reply: {} }] })).toBe("it is taken");
    expect(refusalOf({ handshake: [{ when: { method: "GET" }, unsigned: true, reply: {} }] })).toBe("it is taken");
    expect(refusalOf({ methods: ["POST", "GET"], handshake: [{ when: { method: "GET" }, reply: {} }] })).toContain("handshake.when");
    expect(refusalOf({ ...token, handshake: [{ when: { "header:x": true }, unsigned: true, reply: {} }] })).toContain("handshake.when");
  });
});

describe("checkWindow", () => {
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
});

describe("checkTexts", () => {
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

  it.each<[string, Words]>([
    ["content", { content: "{body|hmac-hex}" }],
    ["require", { require: { "header:x": "{body|hmac-hex}" } }],
    ["when", { when: { "header:x": "{body|hmac-hex}" } }],
    ["success", { success: { text: "{body|hmac-hex}" } }],
    ["a handshake's condition", { handshake: [{ when: { "header:x": "{body|hmac-hex}" }, reply: {} }] }],
  ])("refuses a text computed with the secret in %s: it is for answers to handshakes alone", (_, words) => {
    expect(refusalOf(words)).toContain("hmac");
  });

  it.each<[string, Words]>([
    ["an HMAC's content", { content: "{secret}{body}" }],
    ["a reply", { handshake: [{ when: { "header:x": true }, unsigned: true, reply: { text: "{secret}" } }] }],
    ["the success reply", { success: { text: "{secret}" } }],
    ["a condition", { require: { "header:x": "{secret|sha256-hex}" } }],
  ])("refuses to write the secret into %s", (_, words) => {
    expect(refusalOf(words)).toContain("{secret} is for the content of plain hashes alone");
  });

  it.each<[string, Words]>([
    ["id", { id: "claim:jti" }],
    ["timestamp", { timestamp: { from: "claim:iat", unit: "s", tolerance: "unchecked" } }],
    ["content", { content: "{claim:sub}{body}" }],
    ["when, also of a token", { ...jwt, when: { "claim:iss": "acme" } }],
  ])("refuses a claim in %s, where none is known", (_, words) => {
    expect(refusalOf(words)).toContain("is known of a JSON Web Token alone, once it is verified");
    expect(refusalOf({ ...jwt, id: "claim:jti", require: { "claim:iss": "acme" } })).toBe("it is taken");
  });

  it.each<[string, Words]>([
    ["a signature", { signature: { from: "field:v1", separator: ",", encoding: "hex" } }],
    ["one of several", { signature: { from: ["header:x", "claim:sig"], encoding: "hex" } }],
    ["a token", { ...token, token: { from: "claim:x" } }],
  ])("refuses to look for %s in itself", (_, words) => {
    expect(refusalOf(words)).toContain("is known of a signature or token, and is no place for one");
  });

  it("refuses content that only its stamp makes unique, where none is signed", () => {
    const unique = "stamped";
    const at = { from: "header:x-ts", unit: "s", tolerance: "unchecked" };
    for (const words of [{}, { timestamp: at }, { content: "{publicUrl}{body}" }, token])
      expect(refusalOf({ unique, ...words })).toContain('unique is "stamped", and no timestamp or nonce');
    for (const words of [
      { content: "{header:x-nonce}{body}" },
      { content: "{url}{params}" },
      { timestamp: { ...at, from: "json:at" } },
      { ...stamped },
      jwt,
    ])
      expect(refusalOf({ unique, ...words })).toBe("it is taken");
  });

  it("refuses a body that is unique and not signed", () => {
    expect(refusalOf({ unique: "body" })).toBe("it is taken");
    expect(refusalOf({ unique: "body", content: "{json:id}" })).toContain('unique is "body"');
    expect(refusalOf({ unique: "body", content: "{url}{params}" })).toContain('unique is "body"');
    expect(refusalOf({ unique: "body", ...token })).toBe("it is taken");
  });
});
