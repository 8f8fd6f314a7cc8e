/** The proof itself: the scheme and the key that fit. */
import { type Awaitable, andThen, firstOf, recovered } from "../awaitable.js";
import { Refusal } from "../errors.js";
import type { PublicKey, SecretKey } from "../signature/crypto.js";
import type { KeyQuestion, KeySet } from "../signature/key-ring.js";
import type { Attempt } from "./attempt.js";
import { type Candidate, holds, isNoFit, isTolerable, NOBODY, takeUp, Worst } from "./candidates.js";
import { type CompiledScheme, keyPairOf } from "./compile.js";
import type { ConfiguredProvider, ConfiguredScheme } from "./configured-provider.js";
import { fittingKey } from "./fitting-key.js";
import type { SourceReader } from "./source.js";

/** A proven delivery. */
export interface Proof {
  readonly attempt: Attempt;
  readonly keyId: string;
  readonly tenant: string | undefined;
}

/** What the proof needs besides the candidates. */
export interface ProofContext {
  readonly delivery: KeyQuestion;
  /** Seconds. */
  readonly secretTimeout: number;
}

/**
 * Step 8: finds the first scheme that fits, and its key; else the refusal that says most.
 * @throws Refusal `SIGNATURE_MISMATCH` and the others of its step, at once or by rejection
 */
export function prove(candidates: readonly Candidate[], provider: ConfiguredProvider, given: ProofContext): Awaitable<Proof> {
  const worst = new Worst();
  // keeps why a scheme does not fit, and throws what speaks against the whole delivery
  const note = (error: unknown): undefined => {
    if (!isTolerable(error) && !isNoFit(error)) throw error;
    worst.add(error);
  };
  const first = firstOf(candidates, (candidate) => recovered(() => proveOne(candidate, provider, given), note));
  return andThen(first, (proof) => {
    if (proof === undefined) throw worst.refusal ?? new Refusal("HEADER_MISSING", NOBODY);
    return proof;
  });
}

/** Proves a delivery by one scheme; `undefined` where the scheme does not speak for it. */
function proveOne(candidate: Candidate, provider: ConfiguredProvider, given: ProofContext): Awaitable<Proof | undefined> {
  const { scheme } = candidate.configured;
  if (scheme.when.early) return proveBy(candidate, provider, given);
  return andThen(holds(scheme, "when", candidate.attempt), (speaks) => (speaks ? proveBy(candidate, provider, given) : undefined));
}

/** Each step goes on at once where what it needs is at hand. */
function proveBy({ configured, attempt, late }: Candidate, provider: ConfiguredProvider, given: ProofContext): Awaitable<Proof> {
  if (late) takeUp(attempt);
  const set = keySetOf(configured, attempt, provider, given);
  return set instanceof Promise ? set.then((keys) => proveWith(attempt, keys)) : proveWith(attempt, set);
}

function proveWith(attempt: Attempt, set: KeySet<SecretKey | PublicKey>): Awaitable<Proof> {
  const position = fittingKey(attempt.scheme, attempt, set);
  return position instanceof Promise ? position.then((found) => accept(attempt, set, found)) : accept(attempt, set, position);
}

function accept(attempt: Attempt, set: KeySet<SecretKey | PublicKey>, position: number): Awaitable<Proof> {
  const { scheme } = attempt;
  if (set.unknown) throw new Refusal("TENANT_UNKNOWN", "the resolver answered nothing for this delivery");
  const key = set.keys[position];
  if (key === undefined) throw new Refusal("SIGNATURE_MISMATCH", mismatch(scheme, attempt, set));
  checkCut(attempt);
  const proof: Proof = { attempt, keyId: key.id, tenant: set.tenant };
  if (scheme.require.conditions.length > 0) return andThen(holds(scheme, "require", attempt), (isMet) => required(proof, isMet));
  attempt.proven = true;
  return proof;
}

/** One signed text could else be cut in two ways, and what was the body become a part of the id. */
function checkCut(attempt: Attempt): void {
  const { context, idEnd } = attempt.scheme;
  if (idEnd !== undefined && attempt.read(context.id as SourceReader)?.includes(idEnd))
    throw new Refusal("HEADER_MALFORMED", `${context.id?.text} holds ${JSON.stringify(idEnd)}, which ends it in what is signed`);
}

function required(proof: Proof, isMet: boolean): Proof {
  const { attempt } = proof;
  if (!isMet) {
    const words = Object.keys(attempt.scheme.words.require as object).join(", ");
    throw new Refusal("SIGNATURE_MISMATCH", `a further condition does not hold: ${words}`);
  }
  attempt.proven = true;
  return proof;
}

function mismatch({ family, signed, secretForm }: CompiledScheme, { candidates }: Attempt, { keys }: KeySet<unknown>): string {
  const endpoint = `${keys.length} key(s); is it the ${secretForm === undefined ? "public key" : "secret"} of this endpoint`;
  if (family === "token" || family === "jwt") return `the token fits none of ${endpoint}?`;
  const url = signed.url ? ", is publicUrl the URL that the provider has" : "";
  return `none of ${candidates.length} signature(s) fits any of ${endpoint}${url}, and did anything change the body on its way?`;
}

/** The keys for this delivery: the user's, or those behind a URL. */
function keySetOf(
  { scheme, ring }: ConfiguredScheme,
  attempt: Attempt,
  provider: ConfiguredProvider,
  { delivery, secretTimeout }: ProofContext,
): Awaitable<KeySet<SecretKey | PublicKey>> {
  if (ring !== undefined) return ring.keysFor(delivery, secretTimeout);
  return fetchedKeys(scheme, attempt, provider);
}

async function fetchedKeys(scheme: CompiledScheme, attempt: Attempt, provider: ConfiguredProvider): Promise<KeySet<PublicKey>> {
  const { url: named, hosts, mechanism } = scheme.fetched as NonNullable<CompiledScheme["fetched"]>;
  const source = scheme.fetchedFrom;
  const url = source === undefined ? named : attempt.must(source);
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: "", hostname: "" };
  const isAllowed = hosts === undefined || hosts.some((host) => isHost(hostname, host));
  if (protocol !== "https:" || !isAllowed) throw new Refusal("SIGNATURE_MISMATCH", "the delivery names a key outside the provider's hosts");
  try {
    const keys = await mechanism.keys(
      url,
      scheme.fetched as NonNullable<CompiledScheme["fetched"]>,
      provider.fetchKey,
      keyPairOf(scheme.words),
    );
    return { keys: keys.map((key, position) => ({ id: String(position), key })), tenant: undefined, unknown: false };
  } catch (error) {
    throw new Refusal("SECRETS_UNAVAILABLE", "the provider's key could not be fetched", { cause: error, retryAfter: 30 });
  }
}

/** Compares host names label by label; `*` stands for one label. */
function isHost(hostname: string, pattern: string): boolean {
  const labels = hostname.split(".");
  const wanted = pattern.split(".");
  return labels.length === wanted.length && wanted.every((label, i) => label === "*" || label === labels[i]);
}
