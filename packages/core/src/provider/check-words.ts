/** What a declaration must say and must not: what types cannot see, and everything else for whoever declares without types. */
import type { AnyDeclaration, AnyScheme, Handshake } from "./declaration.js";
import type { SignedParts } from "./signed-parts.js";

/** What a word may be, and how to say so. */
type Rule = readonly [is: (value: unknown) => boolean, what: string];
type Shape = Readonly<Record<string, Rule>>;

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.length > 0 && value.every(isText);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const anything: Rule = [() => true, ""];
const text: Rule = [isText, "a text"];
const source: Rule = [isText, "a source"];
const sources: Rule = [(value) => isText(value) || isTexts(value), "a source, or several"];
const object: Rule = [isObject, "an object"];
const list: Rule = [(value) => Array.isArray(value) && value.length > 0, "a list"];
const seconds: Rule = [(value) => Number.isFinite(value) && (value as number) >= 0, "seconds"];
const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  most === Number.MAX_SAFE_INTEGER ? "a whole number" : `${least} to ${most}`,
];
export const one = (...known: readonly unknown[]): Rule => [(value) => known.includes(value), `one of ${known.join(", ")}`];
const maybe = ([is, what]: Rule): Rule => [(value) => value === undefined || is(value), what];
const a = (method: string, what: string): Rule => [
  (value) => typeof (value as Record<string, unknown> | undefined)?.[method] === "function",
  what,
];
const words = (names: string): Shape => Object.fromEntries(names.split(" ").map((name) => [name, anything]));

const ENCODING = one("hex", "base64", "base64url");
const TEXT_ENCODING = one("utf8", "hex", "base64", "base64url");
const KEY_FORM = one("raw-hex", "raw-base64", "spki-base64", "pem", "jwk");
export const METHOD = one("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS");
const SHARED = ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512", "sha1", "sha256", "token", "jwt-hs256"];
const ALGORITHM = one(...SHARED, ...["ed25519", "ecdsa-p256-sha256", "rsa-sha1", "rsa-sha256", "rsa-pss-sha256", "jwt-rs256", "jwt-es256"]);

const SIGNATURE: Shape = {
  from: sources,
  separator: maybe(one(",", ";", " ", "&")),
  prefix: maybe(text),
  encoding: ENCODING,
  repeats: maybe(one(true, false)),
  maxCandidates: maybe(whole(1)),
};
const TOKEN: Shape = { from: source, prefix: maybe(text), encoding: maybe(one("base64")) };
const TIMESTAMP: Shape = { from: source, unit: one("s", "ms", "epoch", "iso"), tolerance: anything };
const SECRET: Shape = { prefix: text, encoding: TEXT_ENCODING, optional: anything };
const KEY: Shape = { prefix: text, encoding: KEY_FORM };
const FETCHED: Shape = { ...words("as at hosts subject"), url: text, mechanism: a("keys", "a KeyFetcher") };
const REPLY = words("headers text json");
const HANDSHAKE: Shape = { when: object, unsigned: maybe(one(true, false)), learns: anything, reply: object };
const SCHEME: Shape = {
  ...words("algorithm secret publicKey mechanism signature token content timestamp id type tenant"),
  when: maybe(object),
  require: maybe(object),
  unique: maybe(one("body", "stamped", "nothing")),
  signedAnew: maybe(one(true, false)),
};
const DECLARATION: Shape = {
  ...SCHEME,
  ...words("name docs checked options sources success"),
  methods: maybe(list),
  payload: maybe([(value) => isText(value) && /^(form|json):./.test(value), '"form:..." or "json:..."']),
  handshake: maybe([Array.isArray, "a list"]),
  answerWithin: maybe(seconds),
  retriesFor: maybe(seconds),
  maxBytes: maybe(whole(1)),
  schemes: maybe(list),
};
const OPTION: Rule = [
  (kind) => kind === "text" || kind === "secret" || (isObject(kind) && isText(kind.default)),
  '"text", "secret" or { default }',
];

/** Holds a value against a rule. @throws Error naming the word */
export function check(word: string, value: unknown, [is, what]: Rule): void {
  if (!is(value)) throw new Error(`${word}: expected ${what}`);
}

/** Holds an object's words against their rules; there are no others. */
function checkAll(place: string, value: unknown, shape: Shape): void {
  check(place || "the declaration", value, object);
  const given = value as Readonly<Record<string, unknown>>;
  const at = place && `${place}.`;
  for (const word of Object.keys(given))
    if (given[word] !== undefined && !Object.hasOwn(shape, word)) throw new Error(`no such word: ${at}${word}`);
  for (const [word, rule] of Object.entries(shape)) check(at + word, given[word], rule);
}

/** @throws Error naming the word that is wrong */
export function checkDeclaration(declaration: AnyDeclaration): void {
  checkAll("", declaration, DECLARATION);
  const { methods = [], options = {}, success, schemes = [] } = declaration;
  for (const method of methods) check("methods", method, METHOD);
  for (const [name, kind] of Object.entries(options)) check(`options.${name}`, kind, OPTION);
  if (success !== undefined) checkAll("success", success, { ...REPLY, status: maybe(whole(200, 299)) });
  for (const part of schemes) {
    checkAll("schemes", part, words("scheme needs"));
    checkAll("schemes", part.scheme, SCHEME);
  }
}

/** A handshake that holds for every delivery acknowledges them all, and none reaches a handler. */
export function checkHandshake(handshake: Handshake, methods: readonly string[], schemes: readonly AnyScheme[]): void {
  checkAll("handshake", handshake, HANDSHAKE);
  checkAll("handshake.reply", handshake.reply, { ...REPLY, status: maybe(whole(200, 599)) });
  const { method, body: _, ...conditions } = handshake.when;
  const proofs: readonly unknown[] = schemes.flatMap(({ signature, token, timestamp }) => [
    ...[signature?.from].flat(),
    token?.from,
    timestamp?.from,
  ]);
  // what stands in every genuine delivery tells none apart; nor does what is absent, where nothing is proven
  const tells = Object.entries(conditions).some(([from, wanted]) =>
    wanted === true ? !proofs.includes(from) : wanted !== false || handshake.unsigned !== true,
  );
  const isOwn = method !== undefined && !methods.includes(method);
  check("handshake.when", tells || isOwn, [(is) => is === true, "what tells it from every other delivery"]);
}

/** Checks one scheme's words, before they are compiled. @throws Error naming the word that is wrong */
export function checkScheme(scheme: AnyScheme): void {
  const { algorithm, secret, publicKey: key, mechanism, signature, token, content, timestamp } = scheme;
  check("algorithm", algorithm, ALGORITHM);
  const isShared = SHARED.includes(algorithm);
  const isJwt = algorithm.startsWith("jwt-");
  const isBearer = isJwt || algorithm === "token";
  for (const word of [isShared ? "publicKey" : "secret", ...(isBearer ? ["signature", "content"] : ["token"])])
    if (scheme[word as "token"] !== undefined) throw new Error(`${word} is no word of "${algorithm}"`);
  if (isShared) isObject(secret) ? checkAll("secret", secret, SECRET) : check("secret", secret, TEXT_ENCODING);
  else if (isObject(key)) checkAll("publicKey", key, "url" in key ? FETCHED : KEY);
  else check("publicKey", key, KEY_FORM);
  if (isJwt) check("mechanism", mechanism, a("verify", "a JwtMechanism"));
  if (isBearer) checkAll("token", token, TOKEN);
  else {
    checkAll("signature", signature, SIGNATURE);
    checkContent(content, algorithm.startsWith("sha"));
  }
  if (timestamp !== undefined) checkAll("timestamp", timestamp, TIMESTAMP);
  for (const word of ["id", "type", "tenant"] as const) {
    const pick: unknown = scheme[word];
    if (isObject(pick)) checkAll(word, pick, words("either keyBesides"));
    check(word, isObject(pick) ? (pick.either ?? pick.keyBesides ?? 0) : pick, maybe(sources));
  }
}

/** What is the same in every delivery proves none of them, and a hash without a secret is anyone's. */
function checkContent(content: unknown, isHash: boolean): void {
  if (isObject(content)) checkAll("content", content, words("sorted"));
  const texts = isObject(content) ? content.sorted : [content];
  const varies = (part: string): boolean => /\{(?!(secret|publicUrl|method)[|}]|option:)/.test(part);
  check("content", texts, [
    (value) => isTexts(value) && value.some(varies),
    "a text with an atom of the delivery such as {body}, or { sorted: [...] } of several",
  ]);
  if (isHash) check("content", texts, [(value) => /\{secret[|}]/.test(String(value)), "{secret}: a plain hash proves nothing without it"]);
}

/** A window may only be judged on a signed timestamp, and must let honest retries through. */
export function checkWindow({ retriesFor = 0 }: AnyDeclaration, scheme: AnyScheme, signed: SignedParts, past: number): void {
  if (!signed.timestamp) throw new Error('an unsigned timestamp proves nothing: its tolerance is "unchecked"');
  if (scheme.signedAnew !== true && past < retriesFor)
    throw new Error(`retries go on for ${retriesFor} s and are not known to be signed anew: a tolerance of ${past} s would refuse them`);
}

/** What would only show on a delivery. */
export function checkTexts(scheme: AnyScheme & Partial<AnyDeclaration>, signed: SignedParts): void {
  const { algorithm, signature, content, require, when, timestamp, id, type, tenant, handshake = [], success } = scheme;
  const texts = JSON.stringify([content, require, when, timestamp, id, type, tenant]);
  const [, field] = /["{](field:[^"|}]*)/.exec(texts) ?? [];
  if (field !== undefined && signature?.separator === undefined) throw new Error(`${field} needs a signature with a separator`);
  if (/\|hmac-/.test(JSON.stringify([texts, success, handshake.map(({ when }) => when)])))
    throw new Error("hmac filters are for replies to handshakes alone");
  if (/\{secret[|}]/.test(JSON.stringify([algorithm.startsWith("sha") || content, require, when, success, handshake])))
    throw new Error("{secret} is for the content of plain hashes alone");
  if (scheme.unique === "body" && algorithm !== "token" && !signed.body)
    throw new Error('unique is "body", and the exact body is not signed: who changes a byte of it has another event');
}
