/** The mechanisms that a few declarations name: JSON Web Tokens, and keys behind a URL. */
import { X509Certificate } from "node:crypto";
import type { JwtAnswer, JwtMechanism, JwtQuestion, KeyFetcher } from "@countersign/core";
import { decode, hmac, importPublicKey, isEqual, type PublicKey, type SecretKey, verifySignature } from "@countersign/core/signing";

/** The algorithm comes from the declaration; a token that names another one is refused. */
const ALGORITHMS: Readonly<Record<string, string>> = { "jwt-hs256": "HS256", "jwt-rs256": "RS256", "jwt-es256": "ES256" };

/** Seconds by which two clocks may differ. */
const SKEW = 5;

export const jwt: JwtMechanism = { mechanism: "jwt", verify: verifyToken };

async function verifyToken({ algorithm, token, keys, now }: JwtQuestion): Promise<JwtAnswer> {
  const [head = "", claimed = "", written = "", ...rest] = token.split(".");
  const signature = decode(written, "base64url");
  const header = parsePart(head);
  const claims = parsePart(claimed);
  if (rest.length > 0 || signature === undefined || header?.alg !== ALGORITHMS[algorithm] || claims === undefined) return undefined;
  if (!isInTime(claims, now / 1000)) return undefined;
  for (const [position, key] of keys.entries())
    if (await fits(algorithm, key, `${head}.${claimed}`, signature)) return { key: position, claims };
  return undefined;
}

function parsePart(text: string): Record<string, unknown> | undefined {
  const bytes = decode(text, "base64url");
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isInTime({ exp, nbf }: Record<string, unknown>, now: number): boolean {
  const isExpired = exp !== undefined && !(typeof exp === "number" && now < exp + SKEW);
  const isEarly = nbf !== undefined && !(typeof nbf === "number" && now >= nbf - SKEW);
  return !isExpired && !isEarly;
}

async function fits(algorithm: string, key: SecretKey | PublicKey, signed: string, signature: Uint8Array): Promise<boolean> {
  if (algorithm === "jwt-hs256") return "bytes" in key && isEqual(await hmac("sha256", key, [signed]), signature);
  if ("bytes" in key) return false;
  return verifySignature(key, [signed], algorithm === "jwt-es256" ? toDer(signature) : signature);
}

/** A JWT holds the two numbers of ECDSA side by side (RFC 7518, section 3.4). */
function toDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((bytes) => {
    const start = Math.max(
      0,
      bytes.findIndex((byte) => byte !== 0),
    );
    const digits = [...bytes.subarray(start)];
    const magnitude = (digits[0] ?? 0) > 127 ? [0, ...digits] : digits;
    return [2, magnitude.length, ...magnitude];
  });
  const content = integers.flat();
  return Uint8Array.from([0x30, content.length, ...content]);
}

export const keyFetcher: KeyFetcher = { mechanism: "keys", keys: fetchKeys };

/** Fetches anew for each delivery: what these tests need, and no more. */
async function fetchKeys(...[url, declared, fetchKey, algorithm]: Parameters<KeyFetcher["keys"]>): Promise<PublicKey[]> {
  const text = await (fetchKey ?? fetchText)(url);
  const found = declared.at === undefined ? text : textAt(JSON.parse(text), declared.at.slice("json:".length));
  switch (declared.as) {
    case "jwks":
      return (JSON.parse(found) as { keys: object[] }).keys.map((key) => importPublicKey(algorithm, "jwk", JSON.stringify(key)));
    case "pem":
      return [importPublicKey(algorithm, "pem", found)];
    case "certificate":
      return [importPublicKey(algorithm, "pem", keyOfCertificate(found, declared.subject))];
  }
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}

function textAt(value: unknown, path: string): string {
  let at = value;
  for (const step of path.split(".")) at = (at as Record<string, unknown> | undefined)?.[step];
  if (typeof at !== "string") throw new Error(`nothing stands at ${path}`);
  return at;
}

function keyOfCertificate(pem: string, subject: string | undefined): string {
  const certificate = new X509Certificate(pem);
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) throw new Error("the certificate is out of date");
  if (subject !== undefined && !certificate.subject.split("\n").includes(`CN=${subject}`))
    throw new Error(`the certificate is not for ${subject}`);
  return certificate.publicKey.export({ format: "pem", type: "spki" }).toString();
}
