import { seen } from "@countersign/core/adapter";

/**
 * Holds what a handler gave as its status against HTTP: a platform makes anything of what is none, a 200 too.
 * @throws Error which says what was seen, so that the handler has failed
 */
export function toStatus(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 100 && value <= 599) return value;
  throw new Error(`the handler answered with ${name} ${seen(value)}, which is no integer from 100 to 599`);
}
