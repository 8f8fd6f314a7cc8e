import { createHmac } from "node:crypto";
import {
  createVerifier,
  type DeliveryRecord,
  defineProvider,
  type ObserverRecord,
  type Verifier,
  type VerifierOptions,
  type WebhookEvent,
} from "@countersign/core";

/** A provider that signs time and body, as Stripe does. */
export const acme = defineProvider({
  name: "acme",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:acme-signature", encoding: "hex" },
  content: "{timestamp}.{body}",
  timestamp: { from: "header:acme-timestamp", unit: "s", tolerance: 300 },
  signedAnew: true,
  id: "json:id",
  type: "json:type",
});

/** A provider that signs the URL too, as Square does. */
export const urlSigner = defineProvider({
  name: "url-signer",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:url-signature", encoding: "hex" },
  content: "{url}{body}",
  id: "json:id",
  type: "json:type",
});

export const SECRET = "a secret of the tests, long enough";

export const hmac = (content: string | Uint8Array): string => createHmac("sha256", SECRET).update(content).digest("hex");

export interface Signed {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

let ids = 0;

/** A genuine delivery of a new event. */
export function signed(more: Record<string, unknown> = {}): Signed {
  const id = `evt_${++ids}`;
  const body = JSON.stringify({ id, type: "order.paid", ...more });
  return { id, body, headers: headersFor(body) };
}

export function headersFor(body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  return { "content-type": "application/json", "acme-timestamp": timestamp, "acme-signature": hmac(`${timestamp}.${body}`) };
}

/** The same delivery with one byte of its body changed. */
export const tampered = (delivery: Signed): Signed => ({ ...delivery, body: delivery.body.replace("paid", "paix") });

export interface Watched {
  readonly verifier: Verifier<WebhookEvent>;
  readonly records: DeliveryRecord[];
  /** Fulfils with the next record. */
  recorded(): Promise<DeliveryRecord>;
}

/** A verifier, and what it tells of its deliveries. */
export function watched(options: Partial<VerifierOptions> = {}): Watched {
  const records: DeliveryRecord[] = [];
  const waiting: ((record: DeliveryRecord) => void)[] = [];
  const observe = (record: ObserverRecord): void => {
    if (record.kind !== "delivery") return;
    records.push(record);
    for (const resolve of waiting.splice(0)) resolve(record);
  };
  const verifier = createVerifier({ provider: acme({ secret: SECRET }), observe, ...options });
  return { verifier, records, recorded: () => new Promise((resolve) => waiting.push(resolve)) };
}
