import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createVerifier, type DeliveryRecord, defineProvider, type Verifier, type VerifierOptions } from "@countersign/core";

/** A provider that signs as many do: `t=...,v1=hex(HMAC("{timestamp}.{body}"))`, with the id in the body. */
export const acme = defineProvider({
  name: "acme",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:acme-signature", separator: ",", prefix: "v1=", encoding: "hex" },
  content: "{timestamp}.{body}",
  timestamp: { from: "field:t", unit: "s", tolerance: 300 },
  signedAnew: true,
  id: "json:id",
  type: "json:type",
});

const SECRET = "a secret of the tests, long enough";

/** Makes a verifier, and keeps what it records. */
export function observed(options: Partial<VerifierOptions> = {}): { verifier: Verifier; records: DeliveryRecord[] } {
  const records: DeliveryRecord[] = [];
  const observe = (record: { kind: string }): void => {
    if (record.kind === "delivery") records.push(record as DeliveryRecord);
  };
  return { verifier: createVerifier({ provider: acme({ secret: SECRET }), https: "off", observe, ...options }), records };
}

export function toSignature(body: string): string {
  const stamp = Math.floor(Date.now() / 1000);
  return `t=${stamp},v1=${createHmac("sha256", SECRET).update(`${stamp}.${body}`).digest("hex")}`;
}

let ids = 0;
export const toBody = (id = `evt_${++ids}`): string => JSON.stringify({ id, type: "order.paid", cents: 1200 });

/** Sends a signed delivery. */
export function send(port: number, body = toBody(), more: RequestInit & { path?: string } = {}): Promise<Response> {
  const { path = "/hook", headers, ...init } = more;
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    body,
    ...init,
    headers: { "content-type": "application/json", "acme-signature": toSignature(body), ...(headers as Record<string, string>) },
  });
}

/** Opens a socket, writes text, and collects what comes back until the server closes. */
export async function exchange(port: number, text: string): Promise<{ readonly text: string; readonly socket: Socket }> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.write(text);
  await new Promise((resolve) => socket.on("close", resolve));
  return { text: Buffer.concat(chunks).toString(), socket };
}
