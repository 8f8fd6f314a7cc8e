import type { Refusal } from "../../src/errors.js";
import { createAddressCheck } from "../../src/network/allowlist.js";
import { createTrustedProxies } from "../../src/network/trusted-proxies.js";
import { toArrival } from "./arrivals.js";

export type Headers = Readonly<Record<string, string | readonly string[]>>;
export interface Given {
  readonly allow?: readonly string[];
  readonly trustedProxies?: unknown;
  readonly header?: string;
}

export const CLIENT = "203.0.113.7";

/** Checks an address, which CLIENT passes unless another list is given. */
export const refuse = (given: Given, address: string | undefined, headers: Headers = {}): Refusal | undefined =>
  createAddressCheck(
    given.allow ?? [CLIENT],
    given.header ?? "x-forwarded-for",
    createTrustedProxies(given.trustedProxies),
  )(toArrival(address, headers));

export const xff = (...lines: string[]): Headers => ({ "x-forwarded-for": lines });
