export type { BodySource, CapturedBody, NodeRequest, NodeStream, WebBody, WebStream, WebStreamReader } from "./body-source.js";
export type { AcceptedEncoding } from "./content-encoding.js";
export { type DiscardOptions, discardBody } from "./discard-body.js";
export { keepRawBody } from "./keep-raw-body.js";
export { RawBodyError, type RawBodyErrorCode } from "./raw-body-error.js";
export { type RawBody, type RawBodyOptions, readRawBody } from "./read-raw-body.js";
