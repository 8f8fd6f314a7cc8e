/** What one scheme of a declaration must say and must not. */
import type { AnyDeclaration, AnyScheme, Signature } from "./declaration.js";
import {
  a,
  anything,
  check,
  checkAll,
  isObject,
  isTexts,
  maybe,
  one,
  type Rule,
  type Shape,
  source,
  sources,
  text,
  whole,
  words,
} from "./rule.js";
import type { SignedParts } from "./signed-parts.js";

const ENCODING = one("hex", "base64", "base64url");
const TEXT_ENCODING = one("utf8", "hex", "base64", "base64url");
const KEY_FORM = one("spki-base64", "pem", "jwk");
const ED25519_FORM = one("raw-hex", "raw-base64", "spki-base64", "pem", "jwk");
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
const FETCHED: Shape = {
  ...words("hosts"),
  url: text,
  as: one("jwks", "pem", "certificate"),
  at: maybe(source),
  subject: maybe(text),
  mechanism: a("keys", "a KeyFetcher"),
};

/** Checks one scheme's words, before they are compiled. @throws Error naming the word that is wrong */
export function checkScheme(scheme: AnyScheme): void {
  const { algorithm, secret, publicKey: key, mechanism, signature, token, content, timestamp } = scheme;
  check("algorithm", algorithm, ALGORITHM);
  const isShared = SHARED.includes(algorithm);
  const isJwt = algorithm.startsWith("jwt-");
  const isBearer = isJwt || algorithm === "token";
  const foreign = [
    isShared ? "publicKey" : "secret",
    ...(isBearer ? ["signature", "content"] : ["token"]),
    ...(isJwt ? [] : ["mechanism"]),
  ];
  for (const word of foreign) if (scheme[word as "token"] !== undefined) throw new Error(`${word} is no word of "${algorithm}"`);
  const keyForm = algorithm === "ed25519" ? ED25519_FORM : KEY_FORM;
  // compared, or hashed, as the text that it is
  if (algorithm === "token" || algorithm.startsWith("sha")) check("secret", secret, one("utf8"));
  else if (isShared) isObject(secret) ? checkAll("secret", secret, SECRET) : check("secret", secret, TEXT_ENCODING);
  else if (isObject(key)) "url" in key ? checkFetched(key) : checkAll("publicKey", key, { prefix: text, encoding: keyForm });
  else check("publicKey", key, keyForm);
  if (isJwt) check("mechanism", mechanism, a("verify", "a JwtMechanism"));
  if (isBearer) checkAll("token", token, TOKEN);
  else {
    checkAll("signature", signature, SIGNATURE);
    checkPrefix(signature as Signature);
    checkContent(content, algorithm.startsWith("sha"));
  }
  if (timestamp !== undefined) checkAll("timestamp", timestamp, TIMESTAMP);
  for (const word of ["id", "type"] as const) checkPick(word, scheme[word]);
  check("tenant", scheme.tenant, maybe(source));
}

function checkPick(word: string, pick: unknown): void {
  if (!isObject(pick)) {
    check(word, pick, maybe(sources));
    return;
  }
  checkAll(word, pick, words("either keyBesides"));
  const lists = Object.values(pick).filter((list) => list !== undefined);
  check(word, lists.length === 1 ? lists[0] : undefined, [isTexts, "{ either: [...] } or { keyBesides: [...] }"]);
}

/** Items of a list come without the blanks around them. */
function checkPrefix({ separator, prefix = "" }: Signature): void {
  const begins = separator === undefined || (!prefix.includes(separator) && prefix.trimStart() === prefix);
  check("signature.prefix", begins, [(is) => is === true, "what an item of the list begins with"]);
}

/** Whoever sends a delivery must not choose who vouches for it. */
function checkFetched(key: Readonly<Record<string, unknown>>): void {
  checkAll("publicKey", key, FETCHED);
  const isFixed = /^https:/.test(key.url as string);
  const hosts: Rule = isFixed
    ? [(value) => value === undefined, "none: its URL is fixed"]
    : [isTexts, "a list of those that its URL may point at"];
  check("publicKey.hosts", key.hosts, hosts);
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
  const { algorithm, signature, token, content, require, when, timestamp, id, type, tenant, handshake = [], success } = scheme;
  const texts = JSON.stringify([content, require, when, timestamp, id, type, tenant]);
  const [, place] = /"((?:field|claim):[^"]*)/.exec(JSON.stringify([signature?.from, token?.from])) ?? [];
  if (place !== undefined) throw new Error(`${place} is known of a signature or token, and is no place for one`);
  const [, claim] = /["{](claim:[^"|}]*)/.exec(algorithm.startsWith("jwt-") ? JSON.stringify([when]) : texts) ?? [];
  if (claim !== undefined) throw new Error(`${claim} is known of a JSON Web Token alone, once it is verified`);
  const [, field] = /["{](field:[^"|}]*)/.exec(texts) ?? [];
  if (field !== undefined && signature?.separator === undefined) throw new Error(`${field} needs a signature with a separator`);
  if (/\|hmac-/.test(JSON.stringify([texts, success, handshake.map(({ when }) => when)])))
    throw new Error("hmac filters are for replies to handshakes alone");
  if (/\{secret[|}]/.test(JSON.stringify([algorithm.startsWith("sha") || content, require, when, success, handshake])))
    throw new Error("{secret} is for the content of plain hashes alone");
  if (scheme.unique === "stamped" && !signed.timestamp && !isStamped(scheme))
    throw new Error(
      'unique is "stamped", and no timestamp or nonce is signed beside the body; where one stands in the body, unique is "body"',
    );
  if (scheme.unique === "body" && algorithm !== "token" && !signed.body)
    throw new Error('unique is "body", and the exact body is not signed: who changes a byte of it has another event');
}

/** Whether more is signed than what equal events have in common. */
const isStamped = ({ algorithm, content }: AnyScheme): boolean =>
  algorithm.startsWith("jwt-") || /\{(?!(body|secret|method|publicUrl)[|}]|option:)/.test(JSON.stringify(content ?? ""));
