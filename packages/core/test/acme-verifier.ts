/** Verifiers of a provider that tests declare, and the deliveries that they sign for it. */
import { createHmac } from "node:crypto";
import type { Delivery, HeadersInput } from "../src/delivery.js";
import { VerificationError } from "../src/errors.js";
import type { WebhookEvent } from "../src/event.js";
import type { ObserverRecord } from "../src/observe.js";
import type { VerifierOptions } from "../src/options.js";
import type { Provider } from "../src/provider/define-provider.js";
import { createVerifier, type Verifier } from "../src/verifier.js";
import { declareAcme, type Words } from "./provider/acme.js";

export const NOW = 1_700_000_000_000;
export const TIME = String(NOW / 1000);
export const SECRET = "s3cret";

export const mac = (content: string | Uint8Array, secret = SECRET): string => createHmac("sha256", secret).update(content).digest("hex");

export interface Opened {
  readonly verifier: Verifier;
  readonly records: ObserverRecord[];
  receive(delivery?: Partial<Delivery>): ReturnType<Verifier["receive"]>;
  verify(headers: HeadersInput, body: string | Uint8Array, url?: string, method?: string): Promise<WebhookEvent | string>;
}

/** Opens a verifier of acme, its clock standing still. */
export function openAcme(words: Words = {}, options: Partial<VerifierOptions> = {}, config: object = { secret: SECRET }): Opened {
  const provider: Provider = declareAcme(words)(config);
  const records: ObserverRecord[] = [];
  const verifier = createVerifier({ provider, now: () => NOW, observe: (record) => records.push(record), ...options });
  return {
    verifier,
    records,
    receive: (delivery) => verifier.receive(deliver(delivery)),
    async verify(headers, body, url = "/", method = "POST") {
      try {
        return await verifier.verify({ method, url, headers, body });
      } catch (error) {
        if (error instanceof VerificationError) return error.code;
        throw error;
      }
    },
  };
}

/** A delivery over HTTPS; signed over its body unless headers are given. */
export function deliver(delivery: Partial<Delivery> & { readonly text?: string } = {}): Delivery {
  const body = delivery.body ?? new TextEncoder().encode(delivery.text ?? '{"id":"e1","type":"t"}');
  const headers = delivery.headers ?? { "x-sig": mac(body instanceof Uint8Array ? body : "") };
  return { method: "POST", url: "/", protocol: "https", ...delivery, headers, body };
}
