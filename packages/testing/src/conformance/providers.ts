/** Senders made up for the suite: one for each row of the table of replays, and for each kind of proof. */
import { defineProvider, type Preset, type SecretOptions, type UrlOptions } from "@countersign/core";

export const SECRET = "conformance-first-secret-7Qm2";
export const OTHER_SECRET = "conformance-other-secret-9Zx4";
/** The secret key of RFC 8032, section 7.1, test 2, as a JWK; and its public key. */
export const PRIVATE_KEY = {
  kty: "OKP",
  crv: "Ed25519",
  d: "TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs",
  x: "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
};
export const PUBLIC_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
/** What must never be shown. */
export const SECRETS: readonly string[] = [SECRET, OTHER_SECRET];

const mac = { algorithm: "hmac-sha256", secret: "utf8" } as const;
const time = { from: "header:x-time", unit: "s", tolerance: 300 } as const;
const hex = { from: "header:x-signature", encoding: "hex" } as const;

/** A signed id; several signatures, each with its version. */
export const signedId = defineProvider({
  ...mac,
  name: "signed-id",
  signature: { from: "header:x-signature", separator: " ", prefix: "v1,", encoding: "base64" },
  content: "{id}.{timestamp}.{body}",
  id: "header:x-id",
  type: "json:type",
  timestamp: time,
  signedAnew: true,
  retriesFor: 86_400,
});

/** A signed id, and a type that nobody signs. */
export const unsignedType = defineProvider({
  ...mac,
  name: "unsigned-type",
  signature: hex,
  content: "{id}.{timestamp}.{body}",
  id: "header:x-id",
  type: "header:x-type",
  timestamp: time,
  signedAnew: true,
});

/** A signed id; timestamp and signature are fields of one header. */
export const fields = defineProvider({
  ...mac,
  name: "fields",
  signature: { from: "header:x-signature", separator: ",", prefix: "v1=", encoding: "hex" },
  content: "{timestamp}.{body}",
  timestamp: { from: "field:t", unit: "s", tolerance: 300 },
  signedAnew: true,
  id: "json:id",
  type: "json:type",
});

/** No id; the body has one of its own; retries are signed anew. */
export const uniqueBody = defineProvider({
  ...mac,
  name: "unique-body",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: time,
  unique: "body",
  signedAnew: true,
});

/** No signed id; content that cannot recur and is the same in all retries. */
export const sameInRetries = defineProvider({
  ...mac,
  name: "same-in-retries",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: { ...time, tolerance: { past: 90_000, future: 300 } },
  unique: "stamped",
  signedAnew: false,
  id: "header:x-id",
  retriesFor: 86_400,
});

/** An unsigned id, and content that only its timestamp makes unique; retries are signed anew. */
export const stamped = defineProvider({
  ...mac,
  name: "stamped",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: time,
  unique: "stamped",
  signedAnew: true,
  id: "header:x-id",
});

/** The same without an id. */
export const stampedAlone = defineProvider({
  ...mac,
  name: "stamped-alone",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: time,
  unique: "stamped",
  signedAnew: true,
});

/** The body alone is signed; id and type stand beside it. */
export const bodyAlone = defineProvider({
  ...mac,
  name: "body-alone",
  signature: { ...hex, prefix: "sha256=" },
  content: "{body}",
  id: "header:x-id",
  type: "header:x-type",
  retriesFor: 3600,
});

/** The body alone is signed, and nothing names the event. */
export const nameless = defineProvider({ ...mac, name: "nameless", signature: hex, content: "{body}" });

/** A token for many pushes. */
export const bearer = defineProvider({
  name: "bearer",
  algorithm: "token",
  secret: "utf8",
  token: { from: "header:authorization", prefix: "Bearer " },
  id: "header:x-id",
  type: "json:type",
});

/** One secret for all tenants, who are named by a header that nobody signs. */
export const tenants = defineProvider({
  ...mac,
  name: "tenants",
  signature: hex,
  content: "{id}.{body}",
  id: "header:x-id",
  tenant: "header:x-tenant",
});

/** The URL is signed. */
export const urlSigned: Preset<SecretOptions & UrlOptions> = defineProvider({
  ...mac,
  name: "url-signed",
  signature: hex,
  content: "{url}.{body}",
  id: "json:id",
});

/** A key pair. */
export const keyPair = defineProvider({
  name: "key-pair",
  algorithm: "ed25519",
  publicKey: "raw-hex",
  signature: hex,
  content: "{timestamp}{body}",
  timestamp: time,
  signedAnew: true,
  id: "json:id",
});

/** The secret is hashed with the content. */
export const plainHash = defineProvider({
  name: "plain-hash",
  algorithm: "sha256",
  secret: "utf8",
  signature: hex,
  content: "{secret}:{body}",
  id: "json:id",
});

/** The proof stands in the body. */
export const inBody = defineProvider({
  ...mac,
  name: "in-body",
  signature: { from: "json:proof.signature", encoding: "hex" },
  content: "{timestamp}{json:proof.nonce}",
  timestamp: { from: "json:proof.time", unit: "s", tolerance: 300 },
  unique: "stamped",
  signedAnew: true,
  id: "json:id",
});

/** A form whose parameters are signed. */
export const formSigned = defineProvider({ ...mac, name: "form-signed", signature: hex, content: "{params}", id: "form:id" });

/** Milliseconds, RFC 3339, and seconds or milliseconds. */
export const inMilliseconds = defineProvider({
  ...mac,
  name: "in-milliseconds",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: { ...time, unit: "ms" },
  signedAnew: true,
  id: "json:id",
});
export const inIso = defineProvider({
  ...mac,
  name: "in-iso",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: { ...time, unit: "iso" },
  signedAnew: true,
  id: "json:id",
});
export const inEither = defineProvider({
  ...mac,
  name: "in-either",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: { ...time, unit: "epoch" },
  signedAnew: true,
  id: "json:id",
});

/** A declared success reply, as some senders ask for one. */
export const withSuccess = defineProvider({
  ...mac,
  name: "with-success",
  signature: hex,
  content: "{body}",
  id: "json:id",
  success: { status: 202, json: { received: "{json:id}" } },
});

/** Handshakes: a signed challenge, one that nobody signs, and a secret that is handed over. */
export const signedChallenge = defineProvider({
  ...mac,
  name: "signed-challenge",
  signature: hex,
  content: "{timestamp}.{body}",
  timestamp: time,
  signedAnew: true,
  unique: "body",
  id: "json:id",
  handshake: [{ when: { "json:type": "url_verification" }, reply: { text: "{json:challenge}" } }],
});
export const getChallenge = defineProvider({
  ...mac,
  name: "get-challenge",
  signature: hex,
  content: "{body}",
  id: "json:id",
  options: { verifyToken: "secret" },
  handshake: [
    {
      when: { method: "GET", "query:mode": "subscribe", "query:token": "{option:verifyToken}" },
      unsigned: true,
      reply: { text: "{query:challenge}" },
    },
  ],
});
export const macChallenge = defineProvider({
  ...mac,
  name: "mac-challenge",
  signature: hex,
  content: "{body}",
  id: "json:id",
  handshake: [
    { when: { method: "GET", "query:token": true }, unsigned: true, reply: { json: { answer: "sha256={query:token|hmac-base64}" } } },
  ],
});
export const handsOver = defineProvider({
  ...mac,
  name: "hands-over",
  signature: hex,
  content: "{body}",
  id: "json:id",
  handshake: [{ when: { "header:x-hook-secret": true }, unsigned: true, learns: "header:x-hook-secret", reply: {} }],
});
