import { createHmac } from "node:crypto";
import { createVerifier, memoryStore, type Provider, type VerifierOptions, type WebhookEvent } from "@countersign/core";

/** The present of every receiver that is not told otherwise. */
export const NOW = Date.parse("2026-03-01T12:00:00Z");
export const SECONDS = String(NOW / 1000);

/** What a sender sends; a body is text as UTF-8, and a `POST` unless it says otherwise. */
export interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What became of it. `kind` is an accepted event's `repeats`, or a duplicate's kind. */
export interface Seen {
  readonly outcome: string;
  readonly code: string | undefined;
  readonly kind: string | undefined;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string | null;
  readonly event: WebhookEvent | undefined;
}

/** A whole receiver in this process, whose handler succeeds at once. */
export interface Receiver {
  send(sent: Sent): Promise<Seen>;
  /** Sends, and expects an event. */
  accept(sent: Sent): Promise<WebhookEvent>;
  advance(seconds: number): void;
}

/** Makes a receiver of a provider, with a clock that stands still at {@link NOW}. */
export function createReceiver(provider: Provider, options: Partial<VerifierOptions> = {}): Receiver {
  let time = NOW;
  const now = () => time;
  const verifier = createVerifier({ provider, observe: false, now, store: memoryStore({ now }), ...options });
  const send = async ({ method = "POST", url = "/webhooks", headers = {}, body = "" }: Sent): Promise<Seen> => {
    const verdict = await verifier.receive({ method, url, headers, body: Buffer.from(body), protocol: "https", address: "203.0.113.7" });
    if (verdict.outcome === "accepted") await verdict.claim.commit();
    const { reply } = verdict;
    return {
      outcome: verdict.outcome,
      code: verdict.outcome === "rejected" ? verdict.code : undefined,
      kind: verdict.outcome === "duplicate" ? verdict.kind : verdict.outcome === "accepted" ? String(verdict.event.repeats) : undefined,
      status: reply.status,
      contentType: reply.headers["content-type"],
      body: reply.body,
      event: verdict.outcome === "accepted" ? verdict.event : undefined,
    };
  };
  return {
    send,
    async accept(sent) {
      const { event, outcome, code } = await send(sent);
      if (event === undefined) throw new Error(`expected an event, saw ${outcome} ${code ?? ""}`);
      return event;
    },
    advance(seconds) {
      time += seconds * 1000;
    },
  };
}

/** An HMAC, computed by Node alone. */
export function mac(
  key: string | Uint8Array,
  content: string,
  encoding: "hex" | "base64" | "base64url" = "hex",
  hash: "sha1" | "sha256" | "sha384" | "sha512" = "sha256",
): string {
  return createHmac(hash, key).update(content).digest(encoding);
}
