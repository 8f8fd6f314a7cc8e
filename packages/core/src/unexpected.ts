import { ConfigurationError } from "./errors.js";
import { seen } from "./seen.js";

/** Says of an option what was seen in it, and what is expected. */
export function unexpected(option: string, saw: string, expected: string): ConfigurationError {
  return new ConfigurationError(option, `saw ${saw}; expected ${expected}`);
}

/** Names a value by its kind alone where it may be an address with a password in it, or a secret. */
export function kindOf(value: unknown): string {
  return typeof value === "string" ? "a string" : seen(value);
}

/**
 * Reads an option that takes one of several words; the first is its default.
 * @throws ConfigurationError
 */
export function oneOf<T extends string>(option: string, value: T | undefined, known: readonly [T, ...T[]]): T {
  if (value === undefined) return known[0];
  if (known.includes(value)) return value;
  throw unexpected(option, seen(value), known.map((one) => `"${one}"`).join(" or "));
}
