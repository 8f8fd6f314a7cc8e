/** Which key fits: one function for each family of schemes. */
import { digest, hmac, isEqual, verifySignature } from "#crypto";
import type { Awaitable } from "../awaitable.js";
import type { Part, PublicKey, SecretKey } from "../signature/crypto.js";
import { toUtf8, toWireBytes } from "../signature/encodings.js";
import type { KeySet } from "../signature/key-ring.js";
import type { Attempt } from "./attempt.js";
import type { CompiledScheme } from "./compile.js";
import { type Ink, render } from "./render.js";

/** Asymmetric verification is dear: this many, and no more. */
const MAX_VERIFICATIONS = 4;

/** The position of the key that fits, or -1. Of shared secrets, all are tried on all candidates. */
export function fittingKey(scheme: CompiledScheme, attempt: Attempt, { keys }: KeySet<SecretKey | PublicKey>): Awaitable<number> {
  switch (scheme.family) {
    case "hmac":
    case "hash":
      return fittingSecret(scheme, attempt, keys as KeySet<SecretKey>["keys"]);
    case "token":
      return fittingToken(attempt, keys as KeySet<SecretKey>["keys"]);
    case "jwt":
      return fittingJwt(scheme, attempt, keys);
    case "pair":
      return fittingPair(scheme, attempt, keys as KeySet<PublicKey>["keys"]);
  }
}

/** The exact bytes under the signature, as parts. */
export function contentOf(scheme: CompiledScheme, attempt: Attempt, secret: SecretKey | undefined): Awaitable<readonly Part[]> {
  const ink: Ink = { context: scheme.context, hash: scheme.hash, secret };
  const [only] = scheme.content;
  if (only !== undefined && !scheme.sorted) return render(only, attempt, ink);
  return Promise.all(scheme.content.map((template) => render(template, attempt, ink))).then(sortedParts);
}

function sortedParts(rendered: readonly (readonly Part[])[]): Part[] {
  const toText = (parts: readonly Part[]): string =>
    parts.map((part) => (typeof part === "string" ? part : Array.from(part, (byte) => String.fromCharCode(byte)).join(""))).join("");
  return rendered.map(toText).sort().map(toWireBytes);
}

function fittingSecret(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<SecretKey>["keys"]): Awaitable<number> {
  let fitting = -1;
  for (let i = keys.length - 1; i >= 0; i--) {
    const mac = macOf(scheme, attempt, (keys[i] as (typeof keys)[number]).key);
    if (mac instanceof Promise) return fittingSecretLater(scheme, attempt, keys);
    if (fitsAny(mac, attempt)) fitting = i;
  }
  return fitting;
}

/** Where the platform's hashes are promises. */
async function fittingSecretLater(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<SecretKey>["keys"]): Promise<number> {
  const macs = await Promise.all(keys.map(({ key }) => macOf(scheme, attempt, key)));
  return macs.reduceRight((fitting, mac, i) => (fitsAny(mac, attempt) ? i : fitting), -1);
}

/** Compares with every candidate, whichever fits. */
function fitsAny(mac: Uint8Array, { candidates }: Attempt): boolean {
  let fits = false;
  for (const candidate of candidates) if (isEqual(mac, candidate)) fits = true;
  return fits;
}

function macOf(scheme: CompiledScheme, attempt: Attempt, key: SecretKey): Awaitable<Uint8Array> {
  const parts = contentOf(scheme, attempt, key);
  return parts instanceof Promise ? parts.then((made) => digestOf(scheme, key, made)) : digestOf(scheme, key, parts);
}

function digestOf({ family, hash }: CompiledScheme, key: SecretKey, parts: readonly Part[]): Awaitable<Uint8Array> {
  return family === "hmac" ? hmac(hash, key, parts) : digest(hash, parts);
}

/** Compares digests, so that not even the length of a secret shows. */
async function fittingToken({ scheme, token }: Attempt, keys: KeySet<SecretKey>["keys"]): Promise<number> {
  const isText = scheme.token?.source.utf8 === true && scheme.token.encoding === undefined;
  const offered = await digest("sha256", [isText ? toUtf8(token) : toWireBytes(token)]);
  let fitting = -1;
  for (let i = keys.length - 1; i >= 0; i--) {
    const { key } = keys[i] as (typeof keys)[number];
    if (isEqual(await digest("sha256", [key.bytes()]), offered)) fitting = i;
  }
  return fitting;
}

async function fittingJwt(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<SecretKey | PublicKey>["keys"]): Promise<number> {
  const { mechanism, words } = scheme;
  const answer = await mechanism?.verify({
    algorithm: words.algorithm,
    token: attempt.token,
    keys: keys.map(({ key }) => key),
    now: attempt.reading.now,
  });
  attempt.claims = answer?.claims;
  return answer?.key ?? -1;
}

async function fittingPair(scheme: CompiledScheme, attempt: Attempt, keys: KeySet<PublicKey>["keys"]): Promise<number> {
  const parts = await contentOf(scheme, attempt, undefined);
  let left = MAX_VERIFICATIONS;
  for (const [position, { key }] of keys.entries()) {
    for (const candidate of attempt.candidates) {
      if (left-- === 0) return -1;
      if (await verifySignature(key, parts, candidate)) return position;
    }
  }
  return -1;
}
