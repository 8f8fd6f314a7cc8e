import { generateKeyPairSync, type KeyObject, type SignKeyObjectInput, sign } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CryptoPort, Hash, KeyForm, KeyPair } from "../../src/signature/crypto.js";
import * as node from "../../src/signature/crypto-node.js";
import * as web from "../../src/signature/crypto-web.js";
import { encode, toWireBytes } from "../../src/signature/encodings.js";

const ports: readonly (readonly [string, CryptoPort])[] = [
  ["node", node],
  ["web", web],
];
const HASHES: readonly Hash[] = ["sha1", "sha256", "sha384", "sha512"];
/** A header's text: a character for each byte. */
const wireText = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const parts = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), wireText), { maxLength: 4 });

const ed = generateKeyPairSync("ed25519");
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

const PAIRS: Readonly<Record<KeyPair, { readonly public: KeyObject; readonly sign: (content: Uint8Array) => Uint8Array }>> = {
  ed25519: { public: ed.publicKey, sign: (content) => sign(null, content, ed.privateKey) },
  "ecdsa-p256-sha256": { public: ec.publicKey, sign: (content) => sign("sha256", content, ec.privateKey) },
  "rsa-sha1": { public: rsa.publicKey, sign: (content) => sign("sha1", content, rsa.privateKey) },
  "rsa-sha256": { public: rsa.publicKey, sign: (content) => sign("sha256", content, rsa.privateKey) },
  "rsa-pss-sha256": { public: rsa.publicKey, sign: (content) => sign("sha256", content, pss(32)) },
};
const pss = (saltLength: number): SignKeyObjectInput => ({ key: rsa.privateKey, padding: 6, saltLength });
const ALGORITHMS = Object.keys(PAIRS) as KeyPair[];

function write(key: KeyObject, form: KeyForm): string {
  const der = key.export({ format: "der", type: "spki" });
  if (form === "pem") return key.export({ format: "pem", type: "spki" }).toString();
  if (form === "jwk") return JSON.stringify(key.export({ format: "jwk" }));
  if (form === "spki-base64") return der.toString("base64");
  return der.subarray(-32).toString(form === "raw-hex" ? "hex" : "base64");
}

const joined = (content: readonly (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(content.map((part) => (typeof part === "string" ? toWireBytes(part) : part)));

describe("hmac and digest", () => {
  it.each(HASHES)("come out alike on both platforms, however the content is cut (%s)", async (hash) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 150 }), parts, async (secret, content) => {
        const [onNode, onWeb] = [node.importSecret(secret), web.importSecret(secret)];
        const whole = [joined(content)];
        const macs = [await node.hmac(hash, onNode, content), await web.hmac(hash, onWeb, content), await web.hmac(hash, onWeb, whole)];
        expect(new Set(macs.map((mac) => encode(mac, "hex"))).size).toBe(1);
        const digests = [await node.digest(hash, content), await web.digest(hash, content), await node.digest(hash, whole)];
        expect(new Set(digests.map((bytes) => encode(bytes, "hex"))).size).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});

describe("fingerprint", () => {
  it("comes out alike on both platforms, texts being UTF-8", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }))), async (texts) => {
        expect(await node.fingerprint(texts)).toBe(await web.fingerprint(texts));
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(ports)("verifySignature on %s", (_, port) => {
  const forms: readonly KeyForm[] = ["pem", "jwk", "spki-base64"];
  it.each(ALGORITHMS)("accepts what %s signed, with the key in any form, and nothing with a bit changed", async (algorithm) => {
    const pair = PAIRS[algorithm];
    const content = [toWireBytes("v1:"), "1700000000", Uint8Array.of(0, 255)];
    const signature = Uint8Array.from(pair.sign(joined(content)));
    const raw: readonly KeyForm[] = algorithm === "ed25519" ? ["raw-hex", "raw-base64"] : [];
    for (const form of [...forms, ...raw]) {
      const key = port.importPublicKey(algorithm, form, write(pair.public, form));
      expect(key.algorithm).toBe(algorithm);
      expect(await port.verifySignature(key, content, signature)).toBe(true);
      expect(await port.verifySignature(key, [joined(content)], signature)).toBe(true);
      expect(await port.verifySignature(key, [...content, "x"], signature)).toBe(false);
    }
    const key = port.importPublicKey(algorithm, "pem", write(pair.public, "pem"));
    for (let at = 0; at < signature.length; at++) {
      const changed = Uint8Array.from(signature);
      changed[at] = (changed[at] as number) ^ 1;
      expect(await port.verifySignature(key, content, changed), `byte ${at}`).toBe(false);
    }
    expect(await port.verifySignature(key, content, new Uint8Array())).toBe(false);
    expect(await port.verifySignature(key, content, signature.subarray(1))).toBe(false);
  });

  it.each(["rsa-sha1", "rsa-sha256", "rsa-pss-sha256"] as const)("takes %s in one length, with its leading zeros", async (algorithm) => {
    const pair = PAIRS[algorithm];
    const key = port.importPublicKey(algorithm, "pem", write(pair.public, "pem"));
    let [content, signature] = ["", Uint8Array.of(1)];
    for (let at = 0; signature[0] !== 0; at++) {
      content = `content ${at}`;
      signature = Uint8Array.from(pair.sign(toWireBytes(content)));
    }
    expect(await port.verifySignature(key, [content], signature)).toBe(true);
    expect(await port.verifySignature(key, [content], signature.subarray(1))).toBe(false);
  });

  it("accepts RSA-PSS with a salt as long as the digest, or as long as fits, whatever the key's size", async () => {
    const odd = generateKeyPairSync("rsa", { modulusLength: 1025 });
    for (const [pair, longest] of [
      [rsa, 256 - 32 - 2],
      [odd, 128 - 32 - 2],
    ] as const) {
      const key = port.importPublicKey("rsa-pss-sha256", "pem", write(pair.publicKey, "pem"));
      for (const saltLength of [32, longest]) {
        const signature = Uint8Array.from(sign("sha256", Buffer.from("x"), { key: pair.privateKey, padding: 6, saltLength }));
        expect(await port.verifySignature(key, ["x"], signature)).toBe(true);
        expect(await port.verifySignature(key, ["y"], signature)).toBe(false);
      }
      const wrong = Uint8Array.from(sign("sha512", Buffer.from("x"), { key: pair.privateKey, padding: 6, saltLength: 32 }));
      expect(await port.verifySignature(key, ["x"], wrong)).toBe(false);
    }
  });

  it("takes ECDSA's two numbers in strict DER, whatever their length", async () => {
    const key = port.importPublicKey("ecdsa-p256-sha256", "pem", write(ec.publicKey, "pem"));
    const lengths = new Set<number>();
    for (let round = 0; round < 300; round++) {
      const content = [`round ${round}`];
      const signature = Uint8Array.from(sign("sha256", joined(content), ec.privateKey));
      lengths.add(signature.length);
      expect(await port.verifySignature(key, content, signature)).toBe(true);
    }
    expect(lengths.size).toBeGreaterThan(2);
  });

  it("takes no ECDSA signature that is no DER of two numbers", async () => {
    const key = port.importPublicKey("ecdsa-p256-sha256", "pem", write(ec.publicKey, "pem"));
    const genuine = sign("sha256", Buffer.from("x"), ec.privateKey);
    const flat = sign("sha256", Buffer.from("x"), { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
    const [length, r] = [genuine[1] as number, genuine[3] as number];
    const s = genuine.subarray(4 + r);
    const wrong = [
      flat,
      Buffer.concat([genuine, Buffer.of(0)]),
      genuine.subarray(0, -1),
      Buffer.concat([Buffer.of(0x31), genuine.subarray(1)]),
      Buffer.concat([Buffer.of(0x30, length + 1), genuine.subarray(2)]),
      Buffer.concat([Buffer.of(0x30, length, 3), genuine.subarray(3)]),
      Buffer.concat([Buffer.of(0x30, length - s.length), genuine.subarray(2, 4 + r)]),
      Buffer.concat([Buffer.of(0x30, length + s.length), genuine.subarray(2), s]),
      Buffer.of(0x30, 0),
      Buffer.of(0x30, 1, 2),
      Buffer.of(0x30, 4, 2, 0, 2, 0),
      Buffer.of(0x30, 8, 2, 2, 0, 1, 2, 2, 0, 1),
      Buffer.of(0x30, 6, 2, 1, 0x80, 2, 1, 0x80),
      Buffer.concat([Buffer.of(0x30, 74, 2, 35, 0), Buffer.alloc(34, 0x81), Buffer.of(2, 35, 0), Buffer.alloc(34, 0x81)]),
      Buffer.concat([Buffer.of(0x30, 0x81, length), genuine.subarray(2)]),
    ];
    for (const signature of wrong)
      expect(await port.verifySignature(key, ["x"], Uint8Array.from(signature)), signature.toString("hex")).toBe(false);
  });
});

describe.each(ports)("importPublicKey on %s", (name, port) => {
  it.each([
    ["ed25519", "raw-hex", "zz", "it is not hex"],
    ["ed25519", "raw-hex", "abcd", "it has 2 bytes instead of 32"],
    ["ed25519", "raw-base64", "AAAA", "it has 3 bytes instead of 32"],
    ["ed25519", "raw-base64", "%%%%", "it is not base64"],
    ["ed25519", "raw-hex", "00".repeat(32), "all its bytes are zero"],
    ["ed25519", "raw-base64", `${"A".repeat(43)}=`, "all its bytes are zero"],
    ["rsa-sha256", "spki-base64", "%%%%", "it is not base64"],
  ] as const)("refuses a key for %s that is no %s: %s", (algorithm, form, text, message) => {
    expect(() => port.importPublicKey(algorithm, form, text)).toThrow(message);
  });

  it("refuses what is no PEM, and what is no JSON", () => {
    expect(() => port.importPublicKey("rsa-sha256", "pem", "nonsense")).toThrow();
    expect(() => port.importPublicKey("rsa-sha256", "jwk", "nonsense")).toThrow();
  });

  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  it.each([
    ["rsa", "ed25519", rsa.publicKey, "it is a key for rsa"],
    ["P-384", "ecdsa-p256-sha256", p384.publicKey, "it is a key for another curve"],
  ] as const)("says of a key for %s that it is none for %s: at once, or at the first delivery", async (_, algorithm, wrong, message) => {
    const text = write(wrong, "pem");
    if (name === "node") expect(() => port.importPublicKey(algorithm, "pem", text)).toThrow(message);
    else {
      const key = port.importPublicKey(algorithm, "pem", text);
      const signature = Uint8Array.from(sign("sha256", Buffer.from("x"), ec.privateKey));
      await expect(Promise.resolve(port.verifySignature(key, ["x"], signature))).rejects.toThrow();
    }
  });
});

describe.each(ports)("importSecret on %s", (_, port) => {
  it("hands the bytes out when asked, and shows nothing of them", async () => {
    const secret = port.importSecret(toWireBytes("hunter2-hunter2"));
    expect(secret.bytes()).toEqual(toWireBytes("hunter2-hunter2"));
    await port.hmac("sha256", secret, ["x"]);
    const shown = inspect(secret, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    for (const trace of ["hunter2", "104", "0x68", encode(toWireBytes("hunter2"), "hex"), encode(toWireBytes("hunter"), "base64")])
      expect(shown).not.toContain(trace);
  });
});

describe.each(ports)("isEqual on %s", (_, port) => {
  it("tells equal bytes from others, and from shorter ones", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200, size: "max" }), fc.nat(), (bytes, position) => {
        const changed = Uint8Array.from(bytes);
        const at = position % bytes.length;
        changed[at] = (changed[at] as number) ^ 0x10;
        expect(port.isEqual(bytes, Uint8Array.from(bytes))).toBe(true);
        expect(port.isEqual(bytes, changed)).toBe(false);
        expect(port.isEqual(bytes, bytes.subarray(1))).toBe(false);
      }),
    );
    expect(port.isEqual(new Uint8Array(), new Uint8Array())).toBe(true);
  });
});

describe.each(ports)("randomText on %s", (_, port) => {
  it("is 16 bytes in base64url, each time others", () => {
    const texts = Array.from({ length: 100 }, () => port.randomText());
    for (const text of texts) expect(text).toMatch(/^[\w-]{22}$/);
    expect(new Set(texts).size).toBe(100);
  });
});
