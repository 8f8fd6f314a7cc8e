import { constants, createPrivateKey, type JsonWebKey, KeyObject, sign } from "node:crypto";
import type { Part } from "@countersign/core/signing";

/** A private key as PEM, as a JWK, or as Node's own object. */
export type PrivateKey = string | KeyObject | JsonWebKey;

/** The algorithms that sign with a private key, as declarations call them. */
const ALGORITHMS = ["ed25519", "ecdsa-p256-sha256", "rsa-sha1", "rsa-sha256", "rsa-pss-sha256", "jwt-rs256", "jwt-es256"];

/** Tells whether an algorithm needs a private key to sign. */
export const needsPrivateKey = (algorithm: string): boolean => ALGORITHMS.includes(algorithm);

/** Signs as the declared algorithm does; ECDSA as DER, or as two numbers (`jwt-es256`). */
export function signWithPrivateKey(algorithm: string, privateKey: PrivateKey, parts: readonly Part[]): Uint8Array {
  const key = toKey(privateKey);
  const content = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
  switch (algorithm) {
    case "ed25519":
      return sign(null, content, key);
    case "rsa-sha1":
      return sign("sha1", content, key);
    case "rsa-pss-sha256":
      return sign("sha256", content, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    case "jwt-es256":
      return sign("sha256", content, { key, dsaEncoding: "ieee-p1363" });
    default:
      return sign("sha256", content, key);
  }
}

function toKey(key: PrivateKey): KeyObject {
  if (key instanceof KeyObject) return key;
  return typeof key === "string" ? createPrivateKey(key) : createPrivateKey({ key, format: "jwk" });
}
