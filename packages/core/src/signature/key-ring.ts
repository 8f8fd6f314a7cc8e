import type { Awaitable } from "../awaitable.js";
import { ConfigurationError, Refusal } from "../errors.js";

/** A secret as the provider's dashboard shows it, or its bytes. A named one is reported under its name. */
export type SecretValue = string | Uint8Array | { readonly id: string; readonly value: string | Uint8Array | undefined };

/** What a resolver sees of a delivery. Nothing of it has proven itself; of the URL, only path and query are the sender's. */
export interface DeliveryContext {
  readonly headers: Headers;
  readonly url: URL;
}

/** A tenant's secrets; `tenant: null` where there is only one tenant. */
export interface ResolvedSecrets {
  readonly tenant: string | null;
  readonly secrets: SecretValue | readonly (SecretValue | undefined)[];
}

/** Finds the secrets of a delivery. Answers nothing (or `null`, as databases do) for a tenant that it does not know; throws where it cannot tell. */
export type SecretResolver = (context: DeliveryContext) => Promise<ResolvedSecrets | null | undefined>;

/** One secret, several (rotation; undefined entries drop out, one must remain), or a resolver. */
export type Secrets = SecretValue | readonly (SecretValue | undefined)[] | SecretResolver | undefined;

/** A key with the name under which it is reported: its position, or the name it was given. */
export interface RingKey<K> {
  readonly id: string;
  readonly key: K;
}

/** The keys that are valid for one delivery. */
export interface KeySet<K> {
  readonly keys: readonly RingKey<K>[];
  readonly tenant: string | undefined;
  /** Nobody knows the tenant: the keys are decoys, and nothing they say counts. */
  readonly unknown: boolean;
}

/** A delivery whose keys are asked for. */
export interface KeyQuestion {
  context(): DeliveryContext;
}

export interface KeyRing<K> {
  /**
   * The keys for one delivery; a resolver is asked for it once, however often this is called.
   * @throws Refusal `SECRETS_UNAVAILABLE`, `MISCONFIGURED`
   */
  keysFor(delivery: KeyQuestion, timeout: number): Awaitable<KeySet<K>>;
}

/** How many keys of a resolver are kept ready. */
const CACHED_KEYS = 1000;

/**
 * Makes a key ring of what the user configured.
 *
 * @param option the option's name, for messages
 * @param makeDecoy makes what an unknown tenant's delivery is held against; called late, since some platforms deny randomness at start
 * @param importKey turns one value into a key; throws `Error` with what is wrong with it
 * @param most how many keys may be valid at once
 * @throws ConfigurationError
 */
export function createKeyRing<K extends object>(
  option: string,
  secrets: Secrets,
  importKey: (value: string | Uint8Array) => K,
  makeDecoy: () => K | undefined,
  most = Number.POSITIVE_INFINITY,
): KeyRing<K> {
  if (typeof secrets === "function") return resolvingRing(option, secrets, importKey, makeDecoy);
  const keys = toKeys(option, secrets, importKey);
  if (keys.length > most) throw new ConfigurationError(option, `there are ${keys.length}, and ${most} are tried on one delivery`);
  const set: KeySet<K> = { keys, tenant: undefined, unknown: false };
  return { keysFor: () => set };
}

function toKeys<K>(option: string, secrets: Exclude<Secrets, SecretResolver>, importKey: (value: string | Uint8Array) => K): RingKey<K>[] {
  const list = (Array.isArray(secrets) ? secrets : [secrets]) as readonly (SecretValue | undefined)[];
  const keys: RingKey<K>[] = [];
  for (const [position, entry] of list.entries()) {
    if (entry === undefined) continue;
    const place = list.length > 1 ? `${option}[${position}]` : option;
    const named = typeof entry === "object" && entry !== null && !(entry instanceof Uint8Array);
    const value = named ? entry.value : entry;
    if (named && !("value" in entry))
      throw new ConfigurationError(place, "it is an object; expected a text, or { id, value } (a JWK as the text of its JSON)");
    if (named && value === undefined) continue;
    if (named && (typeof entry.id !== "string" || entry.id === "")) throw new ConfigurationError(place, "its id is a non-empty text");
    try {
      const fault = faultOf(value);
      if (fault !== undefined) throw new Error(fault);
      keys.push({ id: named ? entry.id : String(position), key: importKey(value as string | Uint8Array) });
    } catch (error) {
      throw new ConfigurationError(place, `${(error as Error).message}; expected the value that the provider's dashboard shows`);
    }
  }
  if (keys.length === 0) throw new ConfigurationError(option, "none is configured; is its environment variable set?");
  return keys;
}

/** What is wrong with a value before it is decoded: a secret that anyone can guess is worse than none. */
function faultOf(value: unknown): string | undefined {
  if (value instanceof Uint8Array)
    return value.length === 0 ? "it is empty" : value.every((byte) => byte === 0) ? "all its bytes are zero" : undefined;
  if (typeof value !== "string") return `it is ${value === null ? value : `a ${typeof value}`}`;
  const word = value.trim();
  if (word === "") return "it is empty or blank";
  return word === "undefined" || word === "null" ? `it is the word ${word}` : undefined;
}

function resolvingRing<K extends object>(
  option: string,
  resolver: SecretResolver,
  importKey: (value: string | Uint8Array) => K,
  makeDecoy: () => K | undefined,
): KeyRing<K> {
  const cache = new Map<string, K>();
  const cached = (value: string | Uint8Array): K => {
    if (typeof value !== "string") return importKey(value);
    let key = cache.get(value);
    if (key === undefined) {
      key = importKey(value);
      if (cache.size >= CACHED_KEYS) cache.delete(cache.keys().next().value as string);
      cache.set(value, key);
    }
    return key;
  };
  let decoy: K | undefined;
  const unknown = (): KeySet<K> => {
    decoy ??= makeDecoy();
    return { keys: decoy === undefined ? [] : [{ id: "decoy", key: decoy }], tenant: undefined, unknown: true };
  };
  const find = async (delivery: KeyQuestion, timeout: number): Promise<KeySet<K>> => {
    const answer = await ask(resolver, delivery, timeout);
    if (answer === undefined || answer === null) return unknown();
    try {
      if (answer.tenant !== null && (typeof answer.tenant !== "string" || answer.tenant === ""))
        throw new ConfigurationError(option, "the resolver answers { tenant, secrets }, with tenant null where there is only one");
      return { keys: toKeys(option, answer.secrets, cached), tenant: answer.tenant ?? undefined, unknown: false };
    } catch (error) {
      throw new Refusal("MISCONFIGURED", `the resolver of ${option} answered something unusable: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  // several schemes may try one delivery: one answer serves them all, and all their keys are of one tenant
  const found = new WeakMap<KeyQuestion, Promise<KeySet<K>>>();
  return {
    keysFor(delivery, timeout) {
      let set = found.get(delivery);
      if (set === undefined) {
        set = find(delivery, timeout);
        found.set(delivery, set);
      }
      return set;
    },
  };
}

async function ask(resolver: SecretResolver, delivery: KeyQuestion, timeout: number): Promise<ResolvedSecrets | null | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout} s`)), timeout * 1000);
  });
  try {
    return await Promise.race([resolver(delivery.context()), late]);
  } catch (error) {
    throw new Refusal("SECRETS_UNAVAILABLE", "the resolver threw, or took longer than secretTimeout", { cause: error, retryAfter: 5 });
  } finally {
    clearTimeout(timer);
  }
}
