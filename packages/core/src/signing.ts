/**
 * For test tools and mechanisms: what signing a delivery takes, from the same compiled declaration that verifies it; and keys and
 * signatures for tokens, on every platform.
 */
export { digest, hmac, importPublicKey, isEqual, verifySignature } from "#crypto";
export { toHeaderLines } from "./headers.js";
export { Attempt } from "./provider/attempt.js";
export type { CompiledScheme } from "./provider/compile.js";
export type { ConfiguredProvider, ConfiguredScheme } from "./provider/configured-provider.js";
export { contentOf } from "./provider/fitting-key.js";
export { Reading, toTarget } from "./provider/reading.js";
export { type Ink, render } from "./provider/render.js";
export type { SourceReader } from "./provider/source.js";
export { compileTemplate, type Template } from "./provider/template.js";
export type { Hash, KeyForm, KeyPair, Part, PublicKey, SecretKey } from "./signature/crypto.js";
export { decode, type Encoding, encode, toUtf8, toWireBytes } from "./signature/encodings.js";
