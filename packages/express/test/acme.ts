import { createHmac } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { defineProvider, type EventOf, type Observer, type ObserverRecord } from "@countersign/core";
import { createVerifier, type Verifier, type VerifierOptions } from "../src/index.js";

const SECRET = "a secret of the tests";

/** What went wrong with nobody to catch it. A test that leaves something here fails. */
export const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
process.on("uncaughtException", (error) => unhandled.push(error));

const preset = defineProvider({
  name: "acme",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:acme-signature", encoding: "hex" },
  content: "{body}",
  id: "json:id",
  type: "json:type",
  handshake: [{ when: { method: "GET", "query:challenge": true }, unsigned: true, reply: { text: "{query:challenge}" } }],
});

/** The events of the tests. */
export interface Events {
  "order.created": { readonly id: string; readonly type: string; readonly orderId: string };
  "order.paid": { readonly id: string; readonly type: string; readonly cents: number };
}

export type AcmeEvent = EventOf<Events>;

/** A verifier whose records are kept. */
export function acmeVerifier(options: Partial<VerifierOptions<AcmeEvent>> = {}): {
  verifier: Verifier<AcmeEvent>;
  records: ObserverRecord[];
} {
  const records: ObserverRecord[] = [];
  const observe: Observer = (record) => records.push(record);
  return { verifier: createVerifier({ provider: preset<Events>({ secret: SECRET }), observe, ...options }), records };
}

let ids = 0;

/** A delivery as the provider signs it. */
export function signed(fields: object = {}): { method: "POST"; headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ id: `evt_${++ids}`, type: "order.paid", cents: 5, ...fields });
  return { method: "POST", headers: { "content-type": "application/json", "acme-signature": signatureOf(body) }, body };
}

/** The signature of a body. */
export function signatureOf(body: string): string {
  return createHmac("sha256", SECRET).update(body).digest("hex");
}

/** The codes of what was refused or failed; `undefined` for what went well. */
export function outcomes(records: readonly ObserverRecord[]): (string | undefined)[] {
  return records.filter(({ kind }) => kind === "delivery").map(({ code }) => code);
}

/** A real server on a free port. */
export async function listen(listener: RequestListener): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
