import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from "node:crypto";
import type { CryptoPort, KeyPair, Part, PublicKey, SecretKey } from "./crypto.js";
import { checkRaw, decode } from "./encodings.js";

class NodeSecret implements SecretKey {
  readonly #bytes: Uint8Array;
  readonly key: KeyObject;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.key = createSecretKey(bytes);
  }
  bytes(): Uint8Array {
    return this.#bytes;
  }
}

interface NodePublicKey extends PublicKey {
  readonly key: KeyObject;
  /** Bytes of an RSA signature, which has no other length. */
  readonly size: number | undefined;
}

const join = (parts: readonly Part[]): Uint8Array => {
  const [only] = parts;
  if (parts.length === 1 && typeof only === "object") return only;
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
};

function parsePublicKey(form: Parameters<CryptoPort["importPublicKey"]>[1], text: string): KeyObject {
  if (form === "pem") return createPublicKey(text);
  if (form === "jwk") return createPublicKey({ key: JSON.parse(text), format: "jwk" });
  const bytes = decode(text, form === "raw-hex" ? "hex" : "base64");
  if (bytes === undefined) throw new Error(`it is not ${form === "raw-hex" ? "hex" : "base64"}`);
  if (form === "spki-base64") return createPublicKey({ key: Buffer.from(bytes), format: "der", type: "spki" });
  checkRaw(bytes);
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(bytes).toString("base64url") }, format: "jwk" });
}

const KEY_TYPES: Readonly<Record<KeyPair, string>> = {
  ed25519: "ed25519",
  "ecdsa-p256-sha256": "ec",
  "rsa-sha1": "rsa",
  "rsa-sha256": "rsa",
  "rsa-pss-sha256": "rsa",
};

export const importSecret: CryptoPort["importSecret"] = (bytes) => new NodeSecret(bytes);

export const importPublicKey: CryptoPort["importPublicKey"] = (algorithm, form, text) => {
  const key = parsePublicKey(form, text);
  if (key.asymmetricKeyType !== KEY_TYPES[algorithm]) throw new Error(`it is a key for ${key.asymmetricKeyType}`);
  if (KEY_TYPES[algorithm] === "ec" && key.export({ format: "jwk" }).crv !== "P-256") throw new Error("it is a key for another curve");
  const bits = key.asymmetricKeyDetails?.modulusLength;
  const made: NodePublicKey = { algorithm, key, size: bits === undefined ? undefined : Math.ceil(bits / 8) };
  return made;
};

/** A digest as text, copied into the pool, takes two thirds of the time of a Buffer that owns its memory. */
const toBytes = (digested: string): Uint8Array => Buffer.from(digested, "binary");

export const hmac: CryptoPort["hmac"] = (algorithm, key, parts) => {
  const mac = createHmac(algorithm, (key as NodeSecret).key);
  for (const part of parts) typeof part === "string" ? mac.update(part, "latin1") : mac.update(part);
  return toBytes(mac.digest("binary"));
};

export const digest: CryptoPort["digest"] = (algorithm, parts) => {
  const state = createHash(algorithm);
  for (const part of parts) typeof part === "string" ? state.update(part, "latin1") : state.update(part);
  return toBytes(state.digest("binary"));
};

export const fingerprint: CryptoPort["fingerprint"] = (parts) => {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return hash("sha256", only, "base64url");
  const state = createHash("sha256");
  for (const part of parts) state.update(part);
  return state.digest("base64url");
};

export const verifySignature: CryptoPort["verifySignature"] = (key, parts, signature) => {
  const { algorithm, key: object, size } = key as NodePublicKey;
  if (size !== undefined && signature.length !== size) return false;
  if (algorithm === "ed25519") return verifyBytes(null, join(parts), object, signature);
  const digested = algorithm === "rsa-sha1" ? "sha1" : "sha256";
  const padding = algorithm === "rsa-pss-sha256" ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  return verifyBytes(digested, join(parts), { key: object, ...padding }, signature);
};

/** A pair of buffers for each length of a digest. */
const scales = new Map<number, readonly [Uint8Array, Uint8Array]>();
const LONGEST_DIGEST = 64;

/**
 * What is handed to `timingSafeEqual` leaves the engine's heap, which takes a small array more time than the comparison: digests are
 * copied to where they can stay.
 */
export const isEqual: CryptoPort["isEqual"] = (a, b) => {
  const { length } = a;
  if (length !== b.length) return false;
  if (length > LONGEST_DIGEST) return timingSafeEqual(a, b);
  let scale = scales.get(length);
  if (scale === undefined) {
    scale = [Buffer.alloc(length), Buffer.alloc(length)];
    scales.set(length, scale);
  }
  const [left, right] = scale;
  left.set(a);
  right.set(b);
  return timingSafeEqual(left, right);
};

export const randomText: CryptoPort["randomText"] = () => randomBytes(16).toString("base64url");
