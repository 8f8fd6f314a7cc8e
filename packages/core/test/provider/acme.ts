/** A provider that tests declare as they need it, and what is read of its deliveries. */
import type { HeadersInput } from "../../src/delivery.js";
import { toHeaderLines } from "../../src/headers.js";
import { Attempt } from "../../src/provider/attempt.js";
import { type CompiledScheme, compileProvider, type Settings } from "../../src/provider/compile.js";
import type { AnyDeclaration } from "../../src/provider/declaration.js";
import { defineProvider, type Provider } from "../../src/provider/define-provider.js";
import { Reading } from "../../src/provider/reading.js";

/** Words of a declaration, unchecked by types. */
export type Words = Readonly<Record<string, unknown>>;

export const WORDS = {
  name: "acme",
  algorithm: "hmac-sha256",
  secret: "utf8",
  signature: { from: "header:x-sig", encoding: "hex" },
  content: "{body}",
} as const;

/** Declares acme with other words than its own; `undefined` takes one away. */
export function declareAcme(more: Words = {}): (options: object) => Provider {
  const words = Object.fromEntries(Object.entries({ ...WORDS, ...more }).filter(([, value]) => value !== undefined));
  return defineProvider(words as unknown as Parameters<typeof defineProvider>[0]) as unknown as (options: object) => Provider;
}

export interface Given {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: HeadersInput;
  readonly body?: string | Uint8Array;
}

const SETTINGS: Settings = { options: {}, publicUrl: "https://acme.example/" };

export function compileAcme(more: Words = {}, settings: Settings = SETTINGS): CompiledScheme {
  const [scheme] = compileProvider({ ...WORDS, ...more } as unknown as AnyDeclaration, settings).schemes;
  return scheme as CompiledScheme;
}

/** A delivery as acme's words see it. */
export function attemptOf({ method = "POST", url = "/", headers = {}, body = "" }: Given, more: Words = {}, settings = SETTINGS): Attempt {
  const words = { ...WORDS, ...more } as unknown as AnyDeclaration;
  const compiled = compileProvider(words, settings);
  const reading = new Reading(method, url, toHeaderLines(headers), 1_700_000_000_000, compiled);
  reading.body = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return new Attempt(compiled.schemes[0] as CompiledScheme, reading);
}
