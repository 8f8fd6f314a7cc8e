/** What a runtime may hand over as the body of a request. Everything else is refused. */
export type BodySource = unknown;
