import { kindOf, unexpected } from "../unexpected.js";

/**
 * Checks that `webhook` was given a verifier, while the app is being built.
 * @throws ConfigurationError
 */
export function checkVerifier(verifier: unknown): void {
  if (typeof (verifier as { receive?: unknown } | null | undefined)?.receive === "function") return;
  throw unexpected("webhook.verifier", kindOf(verifier), "a verifier as first argument, made by createVerifier({ provider, ... })");
}
