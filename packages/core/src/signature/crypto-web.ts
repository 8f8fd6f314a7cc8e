import type { CryptoPort, Hash, KeyForm, KeyPair, Part, PublicKey, SecretKey } from "./crypto.js";
import { checkRaw, decode, encode, toUtf8, toWireBytes } from "./encodings.js";

const HASHES: Readonly<Record<Hash, string>> = { sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

// Imported keys are kept, promises of them are not: a Worker's request that is cancelled half-way would leave others waiting for its own.
class WebSecret implements SecretKey {
  readonly #bytes: Uint8Array;
  readonly #keys = new Map<Hash, CryptoKey>();
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  bytes(): Uint8Array {
    return this.#bytes;
  }
  async keyFor(hash: Hash): Promise<CryptoKey> {
    const known = this.#keys.get(hash);
    if (known !== undefined) return known;
    const key = await crypto.subtle.importKey("raw", this.#bytes as BufferSource, { name: "HMAC", hash: HASHES[hash] }, false, ["sign"]);
    this.#keys.set(hash, key);
    return key;
  }
}

class WebPublicKey implements PublicKey {
  readonly algorithm: KeyPair;
  readonly #import: () => Promise<CryptoKey>;
  #key: CryptoKey | undefined;
  constructor(algorithm: KeyPair, importKey: () => Promise<CryptoKey>) {
    this.algorithm = algorithm;
    this.#import = importKey;
  }
  /** Imported when first asked for: some platforms deny that at start. */
  async key(): Promise<CryptoKey> {
    this.#key ??= await this.#import();
    return this.#key;
  }
}

/** WebCrypto takes its input at once: the one place where parts are joined. */
function join(parts: readonly Part[]): BufferSource {
  const chunks = parts.map((part) => (typeof part === "string" ? toWireBytes(part) : part));
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only as BufferSource;
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

const IMPORTS: Readonly<Record<KeyPair, AlgorithmIdentifier | RsaHashedImportParams | EcKeyImportParams>> = {
  ed25519: "Ed25519",
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256" },
  "rsa-sha1": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  "rsa-sha256": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  "rsa-pss-sha256": { name: "RSA-PSS", hash: "SHA-256" },
};

const VERIFIES: Readonly<Record<Exclude<KeyPair, "rsa-pss-sha256">, AlgorithmIdentifier | EcdsaParams>> = {
  ed25519: "Ed25519",
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256" },
  "rsa-sha1": "RSASSA-PKCS1-v1_5",
  "rsa-sha256": "RSASSA-PKCS1-v1_5",
};

/** Node tells a PSS signature's salt length by itself; WebCrypto must be told it. Signers take the digest's length, or all that fits. */
function pssForms(key: CryptoKey): readonly RsaPssParams[] {
  const { modulusLength } = key.algorithm as RsaKeyAlgorithm;
  const longest = Math.ceil((modulusLength - 1) / 8) - 32 - 2; // RFC 8017, section 9.1.1
  return [32, longest].map((saltLength) => ({ name: "RSA-PSS", saltLength }));
}

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/;

function keyBytes(form: KeyForm, text: string): Uint8Array {
  const pem = form === "pem" ? PEM.exec(text)?.[1]?.replace(/\s+/g, "") : text;
  if (pem === undefined) throw new Error("it is not a PEM of a PUBLIC KEY (SPKI)");
  const bytes = decode(pem, form === "raw-hex" ? "hex" : "base64");
  if (bytes === undefined) throw new Error(`it is not ${form === "raw-hex" ? "hex" : "base64"}`);
  return bytes;
}

/** ECDSA signatures come as DER (RFC 3279, section 2.2.3); WebCrypto wants the two numbers side by side. */
function fromDer(signature: Uint8Array): Uint8Array | undefined {
  const numbers: Uint8Array[] = [];
  if (signature[0] !== 0x30 || signature[1] !== signature.length - 2) return undefined;
  let at = 2;
  while (at < signature.length) {
    const length = signature[at + 1] ?? 0;
    const number = signature.subarray(at + 2, at + 2 + length);
    const bare = number[0] === 0 ? number.subarray(1) : number;
    if (signature[at] !== 0x02 || number.length !== length || length === 0 || bare.length > 32) return undefined;
    numbers.push(bare);
    at += 2 + length;
  }
  const [r, s] = numbers;
  if (r === undefined || s === undefined || numbers.length !== 2) return undefined;
  const flat = new Uint8Array(64);
  flat.set(r, 32 - r.length);
  flat.set(s, 64 - s.length);
  return flat;
}

export const importSecret: CryptoPort["importSecret"] = (bytes) => new WebSecret(bytes);

export const importPublicKey: CryptoPort["importPublicKey"] = (algorithm, form, text) => {
  const how = IMPORTS[algorithm];
  if (form === "jwk") {
    const jwk = JSON.parse(text) as JsonWebKey;
    return new WebPublicKey(algorithm, () => crypto.subtle.importKey("jwk", jwk, how, false, ["verify"]));
  }
  const bytes = keyBytes(form, text);
  const raw = form === "raw-hex" || form === "raw-base64";
  if (raw) checkRaw(bytes);
  return new WebPublicKey(algorithm, () => crypto.subtle.importKey(raw ? "raw" : "spki", bytes as BufferSource, how, false, ["verify"]));
};

export const hmac: CryptoPort["hmac"] = async (hash, key, parts) =>
  new Uint8Array(await crypto.subtle.sign("HMAC", await (key as WebSecret).keyFor(hash), join(parts)));

export const digest: CryptoPort["digest"] = async (hash, parts) => new Uint8Array(await crypto.subtle.digest(HASHES[hash], join(parts)));

export const fingerprint: CryptoPort["fingerprint"] = async (parts) =>
  encode(
    await digest(
      "sha256",
      parts.map((part) => (typeof part === "string" ? toUtf8(part) : part)),
    ),
    "base64url",
  );

export const verifySignature: CryptoPort["verifySignature"] = async (publicKey, parts, signature) => {
  const { algorithm } = publicKey;
  const bytes = algorithm === "ecdsa-p256-sha256" ? fromDer(signature) : signature;
  if (bytes === undefined) return false;
  const key = await (publicKey as WebPublicKey).key();
  // an RSA signature has one length; some platforms take one whose leading zeros were cut off
  const { modulusLength } = key.algorithm as Partial<RsaHashedKeyAlgorithm>;
  if (modulusLength !== undefined && bytes.length !== Math.ceil(modulusLength / 8)) return false;
  const content = join(parts);
  for (const form of algorithm === "rsa-pss-sha256" ? pssForms(key) : [VERIFIES[algorithm]])
    if (await crypto.subtle.verify(form, key, bytes as BufferSource, content)) return true;
  return false;
};

export const isEqual: CryptoPort["isEqual"] = (a, b) => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
};

export const randomText: CryptoPort["randomText"] = () => encode(crypto.getRandomValues(new Uint8Array(16)), "base64url");
