import { ConfigurationError, defineProvider, type EventOf, type Provider, type SecretOptions, type Tolerance } from "@countersign/core";

export type { Provider, WebhookEvent } from "@countersign/core";

/** How a sender of one's own signs. */
export interface GenericHmacOptions extends SecretOptions {
  /** The header that carries the signature, such as `"x-signature"`. */
  readonly header: string;
  /** @default "sha256" */
  readonly hash?: "sha1" | "sha256" | "sha384" | "sha512" | undefined;
  /** How the signature is written. @default "hex" */
  readonly encoding?: "hex" | "base64" | "base64url" | undefined;
  /** What stands before the signature, such as `"sha256="`. @default "" */
  readonly prefix?: string | undefined;
  /** How the secret is written. @default "utf8" */
  readonly secretEncoding?: "utf8" | "hex" | "base64" | "base64url" | undefined;
  /**
   * What is signed: `{body}`, and `{timestamp}` and `{id}` where they have headers.
   * @default "{timestamp}.{body}" with a `timestampHeader`, else "{body}"
   */
  readonly content?: string | undefined;
  /** The header that carries the time of signing, which `content` signs. */
  readonly timestampHeader?: string | undefined;
  /** @default "s" */
  readonly timestampUnit?: "s" | "ms" | "iso" | undefined;
  /** Seconds. @default 300 */
  readonly tolerance?: number | Tolerance | undefined;
  /** The header that names the event: equal in all its retries, and no other event's. */
  readonly idHeader?: string | undefined;
  readonly typeHeader?: string | undefined;
  /**
   * What of the signed content cannot honestly recur: the body by itself, only timestamp and body together, or nothing.
   * @default "nothing"
   */
  readonly unique?: "body" | "stamped" | "nothing" | undefined;
  /** Whether the sender signs each retry anew. @default unknown */
  readonly signedAnew?: boolean | undefined;
}

const KNOWN: readonly string[] = [
  ...["secret", "header", "hash", "encoding", "prefix", "secretEncoding", "content", "timestampHeader", "timestampUnit"],
  ...["tolerance", "idHeader", "typeHeader", "unique", "signedAnew"],
];
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const WORDS = {
  hash: ["sha1", "sha256", "sha384", "sha512"],
  encoding: ["hex", "base64", "base64url"],
  secretEncoding: ["utf8", "hex", "base64", "base64url"],
  timestampUnit: ["s", "ms", "iso"],
  unique: ["body", "stamped", "nothing"],
  signedAnew: [true, false],
} as const;

/**
 * Anyone's own HMAC over the body, with or without a timestamp and an id.
 *
 * @throws ConfigurationError
 * @example
 * const provider = genericHmac({ secret: process.env.OWN_SECRET, header: "x-signature", timestampHeader: "x-timestamp" });
 */
export function genericHmac<M extends object = Record<string, unknown>>(options: GenericHmacOptions): Provider<EventOf<M>> {
  if (typeof options !== "object" || options === null)
    throw new ConfigurationError("generic-hmac", "expected an object of options, such as { secret, header }");
  const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) throw new ConfigurationError(`generic-hmac.${unknown}`, `no such option; known are ${KNOWN.join(", ")}`);
  for (const [option, known] of Object.entries(WORDS) as [keyof typeof WORDS, readonly unknown[]][])
    if (options[option] !== undefined && !known.includes(options[option]))
      throw new ConfigurationError(`generic-hmac.${option}`, `expected one of ${known.map((word) => JSON.stringify(word)).join(", ")}`);
  const { hash = "sha256", encoding = "hex", prefix = "", secretEncoding = "utf8", timestampUnit = "s", tolerance = 300 } = options;
  if (typeof prefix !== "string") throw new ConfigurationError("generic-hmac.prefix", 'expected a text, such as "sha256="');
  const source = (option: "header" | "timestampHeader" | "idHeader" | "typeHeader"): `header:${string}` | undefined => {
    const name = options[option];
    if (name === undefined && option !== "header") return undefined;
    if (typeof name !== "string" || !HEADER.test(name)) throw new ConfigurationError(`generic-hmac.${option}`, "expected a header's name");
    return `header:${name.toLowerCase()}`;
  };
  const [from, timestampFrom, id, type] = [source("header"), source("timestampHeader"), source("idHeader"), source("typeHeader")];
  const { content = timestampFrom === undefined ? "{body}" : "{timestamp}.{body}" } = options;
  if (typeof content !== "string" || !content.includes("{body}"))
    throw new ConfigurationError("generic-hmac.content", "expected a text with {body}: what is not signed proves nothing");
  for (const [atom, option] of [["timestamp", "timestampHeader"] as const, ["id", "idHeader"] as const])
    if (new RegExp(`\\{${atom}[|}]`).test(content) && options[option] === undefined)
      throw new ConfigurationError("generic-hmac.content", `{${atom}} needs the header that it comes in: ${option}`);
  if (/\{(url|publicUrl)[|}]/.test(content))
    throw new ConfigurationError(
      "generic-hmac.content",
      "no URL is configured here; a provider that signs it is declared with defineProvider",
    );
  if (timestampFrom === undefined)
    for (const option of ["timestampUnit", "tolerance"] as const)
      if (options[option] !== undefined) throw new ConfigurationError(`generic-hmac.${option}`, "it needs a timestampHeader");
  if (timestampFrom !== undefined && !/\{timestamp[|}]/.test(content))
    throw new ConfigurationError("generic-hmac.content", "expected a text with {timestamp}: a time that is not signed proves nothing");
  const words = {
    name: "generic-hmac",
    algorithm: `hmac-${hash}`,
    secret: secretEncoding,
    signature: { from, prefix, encoding },
    content,
    ...(timestampFrom !== undefined && { timestamp: { from: timestampFrom, unit: timestampUnit, tolerance } }),
    ...(id !== undefined && { id }),
    ...(type !== undefined && { type }),
    ...(options.unique !== undefined && { unique: options.unique }),
    ...(options.signedAnew !== undefined && { signedAnew: options.signedAnew }),
  };
  // the words are the user's, so that only the compiler of declarations can check them
  const preset = defineProvider(words as unknown as Parameters<typeof defineProvider>[0]) as unknown as (
    given: SecretOptions,
  ) => Provider<EventOf<M>>;
  return preset({ secret: options.secret });
}
