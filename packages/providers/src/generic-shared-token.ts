import { ConfigurationError, defineProvider, type EventOf, type Provider, type SecretOptions } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/** Where a shared token stands. It signs nothing: HTTPS is all that keeps the body. */
export interface GenericSharedTokenOptions extends SecretOptions {
  /** The header that carries the token. @default "authorization" */
  readonly header?: string | undefined;
  /** The query parameter that carries the token, in place of a header. Such URLs end up in logs. */
  readonly query?: string | undefined;
  /**
   * What stands before the token: `"bearer"` (RFC 6750), `"basic"` (RFC 7617; the secret is `user:password`), or nothing.
   * @default "none"
   */
  readonly scheme?: "none" | "bearer" | "basic" | undefined;
  /** The header that names the event: equal in all its retries, and no other event's. */
  readonly idHeader?: string | undefined;
  readonly typeHeader?: string | undefined;
}

const KNOWN: readonly string[] = ["secret", "header", "query", "scheme", "idHeader", "typeHeader"];
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const SCHEMES = { none: {}, bearer: { prefix: "Bearer " }, basic: { prefix: "Basic ", encoding: "base64" } } as const;

/** Whether a text is no `user:password`. What else a secret may be is checked elsewhere. */
function isNoPair(secret: unknown): boolean {
  const value = typeof secret === "object" && secret !== null && "value" in secret ? secret.value : secret;
  return typeof value === "string" && !value.includes(":");
}

/**
 * Anyone's own shared token, in a header or in the URL.
 *
 * @throws ConfigurationError
 * @example
 * const provider = genericSharedToken({ secret: process.env.OWN_TOKEN, scheme: "bearer" });
 */
export function genericSharedToken<M extends object = Record<string, unknown>>(options: GenericSharedTokenOptions): Provider<EventOf<M>> {
  if (typeof options !== "object" || options === null)
    throw new ConfigurationError("generic-shared-token", "expected an object of options, such as { secret }");
  const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined)
    throw new ConfigurationError(`generic-shared-token.${unknown}`, `no such option; known are ${KNOWN.join(", ")}`);
  const source = (option: "header" | "idHeader" | "typeHeader", standard?: string): `header:${string}` | undefined => {
    const name = options[option] === undefined ? standard : options[option];
    if (name === undefined) return undefined;
    if (typeof name !== "string" || !HEADER.test(name))
      throw new ConfigurationError(`generic-shared-token.${option}`, "expected a header's name");
    return `header:${name.toLowerCase()}`;
  };
  const { query, scheme = "none" } = options;
  if (!Object.keys(SCHEMES).includes(scheme))
    throw new ConfigurationError("generic-shared-token.scheme", 'expected "none", "bearer" or "basic"');
  if (query !== undefined && (options.header !== undefined || query === ""))
    throw new ConfigurationError("generic-shared-token.query", "expected a parameter's name, and no header beside it");
  if (scheme === "basic" && [options.secret].flat().some(isNoPair))
    throw new ConfigurationError("generic-shared-token.secret", "expected user:password, of which scheme basic is made");
  const [from, id, type] = [
    query === undefined ? source("header", "authorization") : `query:${query}`,
    source("idHeader"),
    source("typeHeader"),
  ];
  const words = {
    name: "generic-shared-token",
    algorithm: "token",
    secret: "utf8",
    token: { from, ...SCHEMES[scheme] },
    ...(id !== undefined && { id }),
    ...(type !== undefined && { type }),
  };
  // the words are the user's, so that only the compiler of declarations can check them
  const preset = defineProvider(words as unknown as Parameters<typeof defineProvider>[0]) as unknown as (
    given: SecretOptions,
  ) => Provider<EventOf<M>>;
  return preset({ secret: options.secret });
}
