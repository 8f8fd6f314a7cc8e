/** Deliveries that tests sign themselves, where nobody has published one. */
import { createHash, createHmac } from "node:crypto";
import { createVerifier, VerificationError, type VerifyInput, type WebhookEvent } from "@countersign/core";
import { presetOf } from "./declared.js";

export const NOW = 1_700_000_000_000;
export const SECONDS = String(NOW / 1000);
export const URL_OF_HOOK = "https://x.example/hook?a=1";
export const JSON_BODY = '{"a":1}';

export type TextEncoding = "hex" | "base64" | "base64url";
export type Headers = Readonly<Record<string, string>>;

export const mac = (hash: string, key: string, text: string, encoding: TextEncoding): string =>
  createHmac(hash, key).update(text).digest(encoding);
export const digestOf = (text: string, encoding: TextEncoding): string => createHash("sha256").update(text).digest(encoding);

/** Verifies with a declared provider; answers the event, or the code of the refusal. */
export async function verify(name: string, options: object, input: VerifyInput, now = NOW): Promise<WebhookEvent | string> {
  const verifier = createVerifier({ provider: presetOf(name)(options), observe: false, now: () => now });
  try {
    return await verifier.verify(input);
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}

/** Sends a delivery through all checks; answers status and reply. */
export async function receive(name: string, options: object, input: VerifyInput) {
  const verifier = createVerifier({ provider: presetOf(name)(options), observe: false, now: () => NOW });
  const body = typeof input.body === "string" ? new TextEncoder().encode(input.body) : input.body;
  const { method = "POST", url = "/", headers } = input;
  return verifier.receive({ method, url, headers, body, protocol: "https" });
}
