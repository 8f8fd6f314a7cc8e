/** For test tools: what signing a delivery takes, from the same compiled declaration that verifies it. */
export { digest, hmac } from "#crypto";
export { toHeaderLines } from "./headers.js";
export { Attempt } from "./provider/attempt.js";
export type { CompiledScheme } from "./provider/compile.js";
export type { ConfiguredProvider, ConfiguredScheme } from "./provider/configured-provider.js";
export { contentOf } from "./provider/fitting-key.js";
export { Reading, toTarget } from "./provider/reading.js";
export type { SourceReader } from "./provider/source.js";
export { compileTemplate, type Ink, render, type Template } from "./provider/template.js";
export type { Part, SecretKey } from "./signature/crypto.js";
export { encode, toUtf8, toWireBytes } from "./signature/encodings.js";
