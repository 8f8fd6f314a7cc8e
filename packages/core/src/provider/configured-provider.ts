import { importPublicKey, importSecret } from "#crypto";
import { ConfigurationError } from "../errors.js";
import type { KeyForm, PublicKey, SecretKey } from "../signature/crypto.js";
import { decode, type Encoding, faultOf, toUtf8 } from "../signature/encodings.js";
import { createKeyRing, type KeyRing, type Secrets } from "../signature/key-ring.js";
import { type CompiledProvider, type CompiledScheme, compileProvider, keyPairOf, type Settings } from "./compile.js";
import type { AnyDeclaration, OptionKind, SecretForm } from "./declaration.js";
import type { FetchKey } from "./mechanism.js";

/** A secret that a handshake delivered; kept by the user, never by the verifier. */
export type OnSecret = (secret: string) => Promise<void> | void;

/** What a user may give to a preset, before the declaration has its say. */
export interface PresetInput {
  readonly secret?: Secrets;
  readonly publicKey?: Secrets;
  readonly publicUrl?: string | undefined;
  readonly fetchKey?: FetchKey | undefined;
  readonly onSecret?: OnSecret | undefined;
  readonly [option: string]: unknown;
}

export interface ConfiguredScheme {
  readonly scheme: CompiledScheme;
  /** `undefined` where the keys are fetched. */
  readonly ring: KeyRing<SecretKey | PublicKey> | undefined;
}

/** A declaration with the user's secrets and options. Its secrets are out of reach. */
export interface ConfiguredProvider {
  readonly compiled: CompiledProvider;
  readonly schemes: readonly ConfiguredScheme[];
  readonly fetchKey: FetchKey | undefined;
  readonly onSecret: OnSecret | undefined;
}

/** The public key of RFC 8032, section 7.1, test 1: what a delivery of an unknown tenant is held against. */
const DECOY_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/** As many as are tried on one delivery. */
const MAX_PUBLIC_KEYS = 4;

/**
 * Joins a declaration and what the user configured.
 * @throws ConfigurationError naming the option, what was seen and what is expected
 */
export function configureProvider(declaration: AnyDeclaration, definition: CompiledProvider, input: PresetInput): ConfiguredProvider {
  const { name } = declaration;
  if (typeof input !== "object" || input === null) throw new ConfigurationError(name, "expected an object of options, such as { secret }");
  const kinds = declaration.options ?? {};
  const used = [...usedOptions(declaration, definition), ...Object.keys(kinds)];
  // an option that nothing reads is a misunderstanding, and a secret that protects nothing
  for (const [option, value] of Object.entries(input))
    if (value !== undefined && !used.includes(option))
      throw new ConfigurationError(`${name}.${option}`, `${name} has no such option; it has ${used.join(", ")}`);
  const settings: Settings = { options: readOptions(name, kinds, input), publicUrl: readPublicUrl(declaration, input.publicUrl) };
  const isSettled = declaration.options === undefined && settings.publicUrl === undefined;
  const compiled = isSettled ? definition : settle(declaration, settings);
  const rings: Rings = new Map();
  const schemes = compiled.schemes.flatMap((scheme) => configureScheme(name, scheme, input, rings) ?? []);
  if (schemes.length === 0) {
    const [only] = new Set(compiled.schemes.map(keyOption));
    throw new ConfigurationError(`${name}.${only}`, "none is configured; is its environment variable set?");
  }
  return {
    compiled,
    schemes,
    fetchKey: readFunction(`${name}.fetchKey`, input.fetchKey),
    onSecret: readFunction(`${name}.onSecret`, input.onSecret),
  };
}

/** An option may make a source that is none, such as a header with a blank in its name. */
function settle(declaration: AnyDeclaration, settings: Settings): CompiledProvider {
  try {
    return compileProvider(declaration, settings);
  } catch (error) {
    throw new ConfigurationError(declaration.name, (error as Error).message);
  }
}

const keyOption = ({ secretForm }: CompiledScheme): "secret" | "publicKey" => (secretForm === undefined ? "publicKey" : "secret");

/** Those of every preset that this one reads. */
function usedOptions(declaration: AnyDeclaration, { schemes, handshakes }: CompiledProvider): Set<string> {
  const used = new Set<string>(schemes.map((scheme) => (scheme.fetched === undefined ? keyOption(scheme) : "fetchKey")));
  if (needsUrl(declaration)) used.add("publicUrl");
  if (handshakes.some(({ learns }) => learns !== undefined)) used.add("onSecret");
  return used;
}

type Rings = Map<string, KeyRing<SecretKey | PublicKey>>;

function configureScheme(name: string, scheme: CompiledScheme, input: PresetInput, rings: Rings): ConfiguredScheme | undefined {
  if (scheme.fetched !== undefined) return { scheme, ring: undefined };
  const option = keyOption(scheme);
  const secrets = input[option] as Secrets;
  // one of several schemes may go without its key, but only where the option was left out: a missing variable must not open the door
  if (secrets === undefined && !(option in input)) return undefined;
  // schemes that write their keys alike share one ring, so that a resolver is asked once for them all
  const { secretForm, publicKeyForm, publicKeyPrefix } = scheme;
  const form = JSON.stringify(secretForm ?? [keyPairOf(scheme.words), publicKeyForm, publicKeyPrefix]);
  const ring = rings.get(form) ?? createRing(name, scheme, secrets);
  rings.set(form, ring);
  return { scheme, ring };
}

function createRing(
  name: string,
  { words, secretForm, publicKeyForm, publicKeyPrefix }: CompiledScheme,
  secrets: Secrets,
): KeyRing<SecretKey | PublicKey> {
  if (secretForm !== undefined)
    return createKeyRing(`${name}.secret`, secrets, (value) => importSecret(toSecretBytes(value, secretForm)), decoySecret);
  const algorithm = keyPairOf(words);
  const importKey = (value: string | Uint8Array): PublicKey => {
    if (typeof value !== "string") throw new Error("a public key is given as text");
    if (publicKeyForm === "pem" && value.includes("\\n")) throw new Error("its line breaks are written as \\n; write them as line breaks");
    const text = stripPrefix(value.trim(), publicKeyPrefix, false);
    return importPublicKey(algorithm, publicKeyForm as KeyForm, publicKeyForm?.endsWith("-base64") ? padded(text) : text);
  };
  const makeDecoy = (): PublicKey | undefined => (algorithm === "ed25519" ? importPublicKey(algorithm, "raw-hex", DECOY_KEY) : undefined);
  return createKeyRing(`${name}.publicKey`, secrets, importKey, makeDecoy, MAX_PUBLIC_KEYS);
}

const decoySecret = (): SecretKey => importSecret(crypto.getRandomValues(new Uint8Array(32)));

function toSecretBytes(value: string | Uint8Array, form: SecretForm): Uint8Array {
  if (typeof value !== "string") return value;
  if (value !== value.trim()) throw new Error("it begins or ends with white space; as bytes it would be taken so");
  const { prefix, encoding, optional } = typeof form === "object" ? form : { prefix: "", encoding: form, optional: undefined };
  const text = stripPrefix(value, prefix, optional === true);
  const bytes = encoding === "utf8" ? toUtf8(text) : decodeSecret(text, encoding, prefix);
  if (bytes.length === 0 || bytes.every((byte) => byte === 0)) throw new Error("it holds no bytes other than zero");
  return bytes;
}

/** Dashboards leave the padding of base64 out, and the official libraries do without. */
function decodeSecret(text: string, encoding: Encoding, prefix: string): Uint8Array {
  const bytes = decode(text, encoding) ?? (encoding === "base64" ? decode(padded(text), encoding) : undefined);
  if (bytes === undefined) throw new Error(`it is not ${encoding}${prefix === "" ? "" : ` after ${prefix}`}: ${faultOf(text, encoding)}`);
  return bytes;
}

/** Writes the padding of base64 that has none. */
const padded = (text: string): string => (text.includes("=") ? text : text.padEnd(Math.ceil(text.length / 4) * 4, "="));

/** Takes a prefix off; `*` in it stands for letters and digits. */
function stripPrefix(value: string, prefix: string, optional: boolean): string {
  if (prefix === "") return value;
  const pattern = new RegExp(
    `^${prefix
      .split("*")
      .map((text) => text.replace(/[^\w]/g, "\\$&"))
      .join("[A-Za-z0-9]+")}`,
  );
  const found = pattern.exec(value);
  if (found === null && !optional) throw new Error(`it does not begin with ${prefix}`);
  return value.slice(found?.[0].length ?? 0);
}

function readOptions(name: string, kinds: Readonly<Record<string, OptionKind>>, input: PresetInput): Record<string, string | undefined> {
  const options: Record<string, string | undefined> = {};
  for (const [option, kind] of Object.entries(kinds)) {
    const value = input[option];
    if (value === undefined) {
      if (typeof kind !== "object") throw new ConfigurationError(`${name}.${option}`, "it is missing; is its environment variable set?");
      options[option] = kind.default;
    } else if (typeof value !== "string" || value.trim() === "")
      throw new ConfigurationError(`${name}.${option}`, "expected a text that is not blank");
    else if (kind !== "secret") options[option] = value;
    else if (["undefined", "null"].includes(value))
      throw new ConfigurationError(`${name}.${option}`, `it is the word ${value}; is its environment variable set?`);
    else if (value !== value.trim()) throw new ConfigurationError(`${name}.${option}`, "it begins or ends with white space");
    // out of sight of whoever prints a provider, hidden properties and all
    else Object.defineProperty(options, option, { get: () => value, enumerable: false });
  }
  return options;
}

function needsUrl(declaration: AnyDeclaration): boolean {
  return /\{(url|publicUrl)[|}]/.test(JSON.stringify(declaration));
}

function readPublicUrl(declaration: AnyDeclaration, publicUrl: unknown): string | undefined {
  const option = `${declaration.name}.publicUrl`;
  if (publicUrl === undefined) {
    if (needsUrl(declaration))
      throw new ConfigurationError(
        option,
        "the provider signs the URL, so it must be configured: the https URL as the provider's dashboard shows it",
      );
    return undefined;
  }
  const isUrl = typeof publicUrl === "string" && URL.canParse(publicUrl) && /^https?:\/\/[^/?#\s]\S*$/i.test(publicUrl);
  if (!isUrl) throw new ConfigurationError(option, "expected the https URL as the provider's dashboard shows it");
  return publicUrl as string;
}

function readFunction<F>(option: string, value: F | undefined): F | undefined {
  if (value !== undefined && typeof value !== "function") throw new ConfigurationError(option, "expected a function");
  return value;
}
