import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createVerifier, type DeliveryRecord, defineProvider, type Store, type Verifier, type VerifierOptions } from "@countersign/core";

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
  const { socket, closed } = open(port, text);
  return { text: await closed, socket };
}

function open(port: number, text: string): { readonly socket: Socket; readonly closed: Promise<string> } {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.write(text);
  return { socket, closed: new Promise((resolve) => socket.once("close", () => resolve(Buffer.concat(chunks).toString()))) };
}

/** Sends a body without an end, until the server closes. `written` counts its bytes. */
export async function sendEndless(port: number): Promise<{ readonly text: string; readonly written: number }> {
  const head = `POST /hook HTTP/1.1\r\nHost: x\r\nAcme-Signature: ${toSignature("")}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const { socket, closed } = open(port, head);
  let written = 0;
  const pump = setInterval(() => {
    written += 0x8000;
    socket.write(`8000\r\n${"x".repeat(0x8000)}\r\n`);
  }, 1);
  const text = await closed;
  clearInterval(pump);
  return { text, written };
}

/** A store whose commits take a while, and tell when they are done. */
export function storeOfSlowCommits(onCommit: () => void): Store {
  return {
    durable: false,
    claim: async () => ({ outcome: "claimed", repeats: false }),
    renew: async () => "ok",
    commit: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      onCommit();
      return "ok";
    },
    release: async () => {},
  };
}
