import { ConfigurationError } from "../errors.js";
import type { EventOf, WebhookEvent } from "../event.js";
import type { SecretResolver, SecretValue } from "../signature/key-ring.js";
import type { Algorithm } from "./algorithm.js";
import { type CompiledProvider, compileProvider } from "./compile.js";
import { type ConfiguredProvider, configureProvider, type OnSecret, type PresetInput } from "./configured-provider.js";
import type { AnyDeclaration, AnyScheme, Declaration, Needs, NeedsUrl, OptionKind, Scheme, SchemePart } from "./declaration.js";
import type { FetchKey } from "./mechanism.js";

/** A configured preset: what `createVerifier` takes. */
export interface Provider<E extends WebhookEvent = WebhookEvent> {
  readonly name: string;
  /** For the event's type alone; never there. */
  readonly "~event"?: E;
  /** For the verifier and test tools. */
  readonly "~configured": ConfiguredProvider;
}

/** Shared secrets: one, several, or a resolver. `undefined` is allowed for environment variables, and throws when nothing remains. */
export interface SecretOptions {
  readonly secret: Several;
}
/** Public keys in the provider's own form: one, several, or a resolver. */
export interface PublicKeyOptions {
  readonly publicKey: Several;
}
/** The https URL as the provider knows it. `undefined` is allowed for environment variables, and throws. */
export interface UrlOptions {
  readonly publicUrl: string | undefined;
}
type Several = SecretValue | undefined | readonly (SecretValue | undefined)[] | SecretResolver;

type KeyOptions<N> = [N] extends [never]
  ? unknown
  : [N] extends ["secret"]
    ? SecretOptions
    : [N] extends ["publicKey"]
      ? PublicKeyOptions
      : (SecretOptions & Partial<PublicKeyOptions>) | (Partial<SecretOptions> & PublicKeyOptions);

/** What the user must configure, worked out from the declaration. */
export type OptionsOf<N, O> = KeyOptions<Exclude<N, "publicUrl" | "fetchKey">> &
  ("publicUrl" extends N ? UrlOptions : unknown) &
  ("fetchKey" extends N ? { readonly fetchKey?: FetchKey | undefined } : unknown) & {
    readonly [K in keyof O as O[K] extends string ? K : never]: string | undefined;
  } & { readonly [K in keyof O as O[K] extends string ? never : K]?: string | undefined } & { readonly onSecret?: OnSecret | undefined };

/** A preset: a function of the user's secrets and options. A payload map may be given; it is typed, not validated. */
export interface Preset<O> {
  <M extends object = Record<string, unknown>>(options: O): Provider<EventOf<M>>;
  readonly declaration: AnyDeclaration;
}

/** Declares one of several schemes of a provider. Its `{option:x}` are the declaration's, which checks them. */
export function scheme<const A extends Algorithm, const C extends string = never, const K = never, const R extends string = never>(
  words: Scheme<A, C, K, R, Record<string, OptionKind>>,
): SchemePart<Needs<A, C, K, R>> {
  return { scheme: words as unknown as AnyScheme };
}

/**
 * Declares a provider as data: one scheme with its words at the top, or `schemes`. The declaration is checked and taken apart once.
 *
 * @throws ConfigurationError naming the provider and what is wrong with its declaration
 * @example
 * const acme = defineProvider({
 *   name: "acme",
 *   algorithm: "hmac-sha256",
 *   secret: "utf8",
 *   signature: { from: "header:acme-signature", encoding: "hex" },
 *   content: "{timestamp}.{body}",
 *   timestamp: { from: "header:acme-timestamp", unit: "s", tolerance: 300 },
 *   signedAnew: true,
 *   id: "json:id",
 *   type: "json:type",
 * });
 * const provider = acme({ secret: process.env.ACME_SECRET });
 */
export function defineProvider<
  const A extends Algorithm = never,
  const C extends string = never,
  const K = never,
  const R extends string = never,
  const O extends Record<string, OptionKind> = Record<never, never>,
  N = never,
>(declaration: Declaration<A, C, K, R, O, N>): Preset<OptionsOf<[A] extends [never] ? N | NeedsUrl<R> : Needs<A, C, K, R>, O>> {
  type Made = Preset<OptionsOf<[A] extends [never] ? N | NeedsUrl<R> : Needs<A, C, K, R>, O>>;
  const words = declaration as unknown as AnyDeclaration;
  const definition = compileDefinition(words);
  const preset = (options: PresetInput): Provider => {
    const configured = configureProvider(words, definition, options);
    return { name: words.name, "~configured": configured };
  };
  return Object.assign(preset, { declaration: words }) as unknown as Made;
}

/** Compiled once; with stand-ins for what only a configuration settles, so that a wrong template is seen at definition. */
function compileDefinition(words: AnyDeclaration): CompiledProvider {
  if (typeof words?.name !== "string" || !/^[a-z0-9][a-z0-9-]*$/.test(words.name))
    throw new ConfigurationError("defineProvider.name", "expected lower-case letters, digits and hyphens");
  const options = Object.fromEntries(Object.keys(words.options ?? {}).map((name) => [name, "x"]));
  try {
    return compileProvider(words, { options, publicUrl: "https://example.com/" });
  } catch (error) {
    throw new ConfigurationError(
      `defineProvider(${words.name})`,
      error instanceof ConfigurationError ? error.detail : (error as Error).message,
    );
  }
}
