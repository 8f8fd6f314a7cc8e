/**
 * Keeps the bytes that a global body parser reads, as `req.rawBody`, where `readRawBody` finds them.
 *
 * @example
 * app.use(express.json({ verify: keepRawBody }));
 */
export function keepRawBody(request: object, _response: unknown, bytes: Uint8Array): void {
  (request as { rawBody?: Uint8Array }).rawBody = bytes;
}
