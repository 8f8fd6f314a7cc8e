/**
 * The one port to a platform's cryptography. `#crypto` resolves to `crypto-node.ts` where there is node:crypto, and to
 * `crypto-web.ts` elsewhere; both export these functions.
 */

import type { Awaitable } from "../awaitable.js";

export type Hash = "sha1" | "sha256" | "sha384" | "sha512";
export type KeyPair = "ed25519" | "ecdsa-p256-sha256" | "rsa-sha1" | "rsa-sha256" | "rsa-pss-sha256";
/** How a public key is written: raw bytes (Ed25519 only), or what holds its own algorithm. */
export type KeyForm = "raw-hex" | "raw-base64" | "spki-base64" | "pem" | "jwk";

/** What is hashed: bytes, or ASCII text (its bytes are the same in every encoding). */
export type Part = string | Uint8Array;

/** A shared secret, ready for use. It shows nothing of itself. */
export interface SecretKey {
  /** The bytes themselves, for schemes that hash the secret. */
  bytes(): Uint8Array;
}

/** A public key, ready for use. */
export interface PublicKey {
  readonly algorithm: KeyPair;
}

export interface CryptoPort {
  importSecret(bytes: Uint8Array): SecretKey;
  /** @throws Error if the text is no such key. */
  importPublicKey(algorithm: KeyPair, form: KeyForm, text: string): PublicKey;
  hmac(hash: Hash, key: SecretKey, parts: readonly Part[]): Awaitable<Uint8Array>;
  digest(hash: Hash, parts: readonly Part[]): Awaitable<Uint8Array>;
  /** SHA-256 over texts as UTF-8 and bytes, in base64url. */
  fingerprint(parts: readonly (string | Uint8Array)[]): Awaitable<string>;
  verifySignature(key: PublicKey, parts: readonly Part[], signature: Uint8Array): Awaitable<boolean>;
  /** Compares in constant time for one length; unequal lengths are unequal at once. */
  isEqual(a: Uint8Array, b: Uint8Array): boolean;
  /** 16 random bytes in base64url. */
  randomText(): string;
}
