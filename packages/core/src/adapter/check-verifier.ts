import { ConfigurationError } from "../errors.js";

/**
 * Checks that `webhook` was given a verifier, while the app is being built.
 * @throws ConfigurationError
 */
export function checkVerifier(verifier: unknown): void {
  if (typeof (verifier as { receive?: unknown } | null | undefined)?.receive === "function") return;
  throw new ConfigurationError(
    "webhook.verifier",
    `expected a verifier as first argument, made by createVerifier({ provider, ... }), and got ${whatIs(verifier)}`,
  );
}

function whatIs(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === "object" ? "an object that is none" : `a ${typeof value}`;
}
