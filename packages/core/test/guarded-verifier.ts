import type { Delivery } from "../src/delivery.js";
import { deliver, mac, openAcme, TIME } from "./acme-verifier.js";
import { type RecordingStore, recordingStore } from "./claim/recording-store.js";

/** A provider that signs its timestamp and an id in the body. */
export const words = {
  content: "{timestamp}.{body}",
  timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 },
  signedAnew: true,
  id: "json:id",
};
export const BODY = '{"id":"1"}';
export const GOOD = { "x-ts": TIME, "x-sig": mac(`${TIME}.${BODY}`), "content-type": "application/json" };
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A delivery that only lacks an address. */
export const good = (more: Partial<Delivery> = {}): Delivery => deliver({ headers: GOOD, text: BODY, ...more });

/** Opens a verifier that lets one network in, and takes no more than 100 bytes. */
export function openGuarded(options = {}, store: RecordingStore = recordingStore()) {
  const opened = openAcme(words, { allow: ["203.0.113.0/24"], maxBytes: 100, store, ...options });
  const codeOf = async (delivery: Delivery): Promise<string> => {
    const verdict = await opened.verifier.receive(delivery);
    if (verdict.outcome === "accepted") await verdict.claim.release();
    return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
  };
  return { ...opened, store, codeOf };
}
