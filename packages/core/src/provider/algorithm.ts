import type { KeyPair } from "../signature/crypto.js";

export type Hmac = "hmac-sha1" | "hmac-sha256" | "hmac-sha384" | "hmac-sha512";
export type PlainHash = "sha1" | "sha256";
export type Jwt = "jwt-hs256" | "jwt-rs256" | "jwt-es256";
export type Algorithm = Hmac | PlainHash | KeyPair | "token" | Jwt;
