/** What Express's response and Fastify's reply have in common in these tests. */
export interface Answer {
  status(code: number): Answer;
  send(body: string): unknown;
  header(name: string, value: string): unknown;
  readonly raw?: NodeJS.WritableStream & { statusCode: number };
  hijack?(): unknown;
}
