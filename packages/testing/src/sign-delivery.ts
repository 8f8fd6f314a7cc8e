import type { Provider } from "@countersign/core";
import {
  type CompiledScheme,
  type ConfiguredScheme,
  contentOf,
  digest,
  encode,
  hmac,
  type Part,
  render,
  type SecretKey,
  toHeaderLines,
  toTarget,
  toUtf8,
} from "@countersign/core/signing";
import { checkDeliveryOptions } from "./check-delivery-options.js";
import { chooseScheme, FORM, formOf } from "./choose-scheme.js";
import type { BodilessDelivery, DeliveryOptions, SignedDelivery } from "./delivery.js";
import { Draft } from "./draft.js";
import { needsPrivateKey, type PrivateKey, signWithPrivateKey } from "./sign-with-private-key.js";

/**
 * Signs a delivery as the provider would, by the declaration that verifies it and with the first of its secrets.
 *
 * @throws Error naming what is missing, such as a private key, or which option is wrong
 * @example
 * const delivery = await signDelivery(stripe({ secret }), { payload: { id: "evt_1", type: "invoice.paid" } });
 * await fetch(endpoint, delivery);
 */
export async function signDelivery(
  provider: Provider,
  options: DeliveryOptions & { readonly method: "GET" | "HEAD" },
): Promise<BodilessDelivery>;
export async function signDelivery(provider: Provider, options?: DeliveryOptions): Promise<SignedDelivery>;
export async function signDelivery(provider: Provider, options: DeliveryOptions = {}): Promise<SignedDelivery | BodilessDelivery> {
  if (provider?.["~configured"] === undefined)
    throw new Error("signDelivery: expected a configured preset, such as stripe({ secret }); a preset that was not called is none");
  const { compiled } = provider["~configured"];
  checkDeliveryOptions(options);
  const { payload, privateKey } = options;
  const milliseconds = Number(options.timestamp ?? Date.now());
  const given = new Map(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const method = options.method ?? compiled.methods[0] ?? "POST";
  const configured = chooseScheme(provider, method, given.get("content-type"), options);
  const { scheme } = configured;
  const isBodiless = method === "GET" || method === "HEAD";
  const form = formOf(compiled, scheme, payload, given.get("content-type"), isBodiless);
  const draft = new Draft(compiled, method, options.url ?? scheme.context.publicUrl ?? "/", payload, form);
  if (form === "json" && payload !== undefined) draft.headers.set("content-type", "application/json");
  if (form === "form" || form === "field") draft.headers.set("content-type", FORM);
  for (const [name, value] of given) draft.headers.set(name, value);

  writeEvent(draft, scheme, options, milliseconds);
  writeNonce(draft, scheme);
  const secret = await firstSecret(configured, draft);
  await writeConditions(draft, scheme);
  if (scheme.family === "token") writeToken(draft, scheme, secret);
  else if (scheme.family === "jwt") await writeJwt(draft, scheme, secret, privateKey, milliseconds);
  else await writeSignature(draft, scheme, secret, privateKey, given);
  const delivery = { method, url: draft.url, headers: Object.fromEntries(draft.headers) };
  return isBodiless ? delivery : { ...delivery, body: new Uint8Array(draft.body) };
}

/** Writes id, type and timestamp to their sources. */
function writeEvent(draft: Draft, scheme: CompiledScheme, { id, type, timestamp }: DeliveryOptions, milliseconds: number): void {
  writePick(draft, scheme, "id", id ?? (scheme.signed.id ? `evt_${crypto.randomUUID()}` : undefined), id !== undefined);
  writePick(draft, scheme, "type", type, type !== undefined);
  const words = scheme.timestamp;
  if (words === undefined) return;
  if (timestamp !== undefined || draft.read(scheme, words.source) === undefined)
    draft.write(words.source, toTimestamp(milliseconds, words.unit));
}

/** Makes up a signed nonce that nobody has given: what a scheme signs beside its time to tell one delivery from the next. */
function writeNonce(draft: Draft, scheme: CompiledScheme): void {
  if (scheme.words.unique !== "stamped") return;
  for (const { pieces } of scheme.content)
    for (const piece of pieces)
      if (typeof piece === "object" && "name" in piece && typeof piece.name === "object" && draft.read(scheme, piece.name) === undefined)
        draft.write(piece.name, crypto.randomUUID());
}

function toTimestamp(milliseconds: number, unit: string): string | number {
  if (unit === "iso") return new Date(milliseconds).toISOString();
  return Math.floor(unit === "ms" ? milliseconds : milliseconds / 1000);
}

function writePick(draft: Draft, scheme: CompiledScheme, which: "id" | "type", text: string | undefined, must: boolean): void {
  const pick = scheme[which];
  if (pick === undefined || text === undefined) return;
  if (pick.how === "keyBesides" || pick.how === "all") {
    if (must) throw new Error(`signDelivery: the ${which} is read from several places; write them into payload and headers`);
    return;
  }
  // none that comes after the one that is read
  const there = pick.sources.findIndex((source) => draft.read(scheme, source) !== undefined);
  const sources = there < 0 ? pick.sources : pick.sources.slice(0, there + 1);
  const place = sources.find((source) => draft.takes(source)) ?? (must ? sources[0] : undefined);
  if (place !== undefined && (must || there < 0)) draft.write(place, text);
}

/** The secret that signs: the first of the ring, as a resolver answers for this delivery. */
async function firstSecret({ scheme, ring }: ConfiguredScheme, draft: Draft): Promise<SecretKey | undefined> {
  if (needsPrivateKey(scheme.words.algorithm) || ring === undefined) return undefined;
  const headers = toHeaderLines([...draft.headers]).toHeaders();
  const { keys } = await ring.keysFor({ context: () => ({ headers, url: new URL(`http://localhost${toTarget(draft.url)}`) }) }, 10);
  const key = keys[0]?.key;
  return key !== undefined && "bytes" in key ? key : undefined;
}

/** Writes what a genuine delivery holds besides its signature. */
async function writeConditions(draft: Draft, scheme: CompiledScheme): Promise<void> {
  for (const { source, wanted } of [...scheme.when.conditions, ...scheme.require.conditions]) {
    if (typeof wanted === "boolean" || source.kind === "method" || source.kind === "body") continue;
    const parts = await render(wanted, draft.attempt(scheme), { context: scheme.context, hash: scheme.hash, secret: undefined });
    draft.write(source, toText(parts));
  }
}

const toText = (parts: readonly (string | Uint8Array)[]): string =>
  parts.map((part) => (typeof part === "string" ? part : new TextDecoder().decode(part))).join("");

function writeToken(draft: Draft, scheme: CompiledScheme, secret: SecretKey | undefined): void {
  const { token } = scheme;
  if (token === undefined || secret === undefined) throw new Error("signDelivery: the provider has no token to send");
  draft.write(token.source, token.prefix + toTokenText(secret.bytes(), token));
}

/** A header's text has a character for each byte. */
function toTokenText(bytes: Uint8Array, { source, encoding }: NonNullable<CompiledScheme["token"]>): string {
  if (encoding !== undefined) return encode(bytes, encoding);
  return source.utf8 ? new TextDecoder().decode(bytes) : String.fromCharCode(...bytes);
}

const JWT_NAMES: Readonly<Record<string, string>> = { "jwt-hs256": "HS256", "jwt-rs256": "RS256", "jwt-es256": "ES256" };

/** A token of five minutes, with the claims that the declaration reads. */
async function writeJwt(
  draft: Draft,
  scheme: CompiledScheme,
  secret: SecretKey | undefined,
  privateKey: PrivateKey | undefined,
  milliseconds: number,
): Promise<void> {
  const { token, words } = scheme;
  if (token === undefined) throw new Error("signDelivery: the provider has no token to send");
  const seconds = Math.floor(milliseconds / 1000);
  const claims = { iat: seconds, exp: seconds + 300, ...draft.claims };
  const parts = [{ alg: JWT_NAMES[words.algorithm], typ: "JWT" }, claims].map((part) => encode(toUtf8(JSON.stringify(part)), "base64url"));
  const content = parts.join(".");
  const signature =
    privateKey === undefined ? await hmac("sha256", must(secret), [content]) : signWithPrivateKey(words.algorithm, privateKey, [content]);
  draft.write(token.source, `${token.prefix}${content}.${encode(signature, "base64url")}`);
}

async function writeSignature(
  draft: Draft,
  scheme: CompiledScheme,
  secret: SecretKey | undefined,
  privateKey: PrivateKey | undefined,
  given: ReadonlyMap<string, string>,
): Promise<void> {
  const { signature, words } = scheme;
  const place = signature?.places[0];
  if (signature === undefined || place === undefined) throw new Error("signDelivery: the provider has no signature to send");
  if (place.kind === "header" && given.has(place.name)) return;
  const fields = [...draft.fields].map(([name, text]) => `${name}=${text}`);
  // what is signed may name items of the list that the signature itself will stand in
  if (fields.length > 0) draft.write(place, fields.join(signature.separator));
  const parts = await writeContent(scheme, draft, secret);
  const bytes =
    scheme.family === "hmac"
      ? await hmac(scheme.hash, must(secret), parts)
      : scheme.family === "hash"
        ? await digest(scheme.hash, parts)
        : signWithPrivateKey(words.algorithm, mustHave(privateKey), parts);
  draft.write(place, [...fields, signature.prefix + encode(bytes, signature.encoding)].join(signature.separator));
}

/** What the declaration signs and nobody has given is told by its name. */
async function writeContent(scheme: CompiledScheme, draft: Draft, secret: SecretKey | undefined): Promise<readonly Part[]> {
  try {
    return await contentOf(scheme, draft.attempt(scheme), secret);
  } catch (refusal) {
    if (refusal instanceof Error) throw refusal;
    throw new Error(`signDelivery: ${(refusal as { detail: string }).detail}; give it in payload, headers or url`);
  }
}

function mustHave(privateKey: PrivateKey | undefined): PrivateKey {
  if (privateKey === undefined) throw new Error("signDelivery: the scheme signs with a privateKey, and none is given");
  return privateKey;
}

function must(secret: SecretKey | undefined): SecretKey {
  if (secret === undefined) throw new Error("signDelivery: the provider has no secret for this delivery");
  return secret;
}
