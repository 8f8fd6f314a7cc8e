/** What must not compile. Checked by the type checker alone: a line that compiles is an unused `@ts-expect-error`. */
import { defineProvider, scheme } from "@countersign/core";
import { jwt, keyFetcher } from "./mechanisms.js";

/** Never called: what it holds is checked as types. */
export function nonsense(): void {
  const ok = defineProvider({
    name: "ok",
    algorithm: "hmac-sha256",
    secret: "utf8",
    signature: { from: "header:x-sig", prefix: "v0=", encoding: "hex" },
    content: "v0:{timestamp}:{body}",
    timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 },
  });
  ok({ secret: "a" });
  ok({ secret: ["a", undefined] });
  ok({ secret: async () => ({ tenant: null, secrets: [{ id: "new", value: "a" }] }) });
  ok({ secret: process.env.SECRET });
  // @ts-expect-error no secret
  ok({});
  // @ts-expect-error nothing takes a public key here
  ok({ publicKey: "a" });
  // @ts-expect-error nothing takes a public key here, even beside the secret
  ok({ secret: "a", publicKey: "a" });
  // @ts-expect-error no URL is signed here
  ok({ secret: "a", publicUrl: "https://x.example/hook" });
  // @ts-expect-error no key is fetched here
  ok({ secret: "a", fetchKey: async () => "" });
  // @ts-expect-error a secret is text or bytes
  ok({ secret: 1 });
  // @ts-expect-error a resolver is asynchronous
  ok({ secret: () => ({ tenant: null, secrets: "a" }) });
  // @ts-expect-error a resolver says which tenant it is
  ok({ secret: async () => ({ secrets: "a" }) });

  const sq = defineProvider({
    name: "sq",
    algorithm: "hmac-sha256",
    secret: "utf8",
    signature: { from: "header:x", encoding: "base64" },
    content: "{publicUrl}{body}",
  });
  sq({ secret: "a", publicUrl: "https://x.example/hook" });
  sq({ secret: "a", publicUrl: process.env.PUBLIC_URL });
  // @ts-expect-error the URL is signed, so it must be configured
  sq({ secret: "a" });
  const filtered = defineProvider({
    name: "sq",
    algorithm: "hmac-sha256",
    secret: "utf8",
    signature: { from: "header:x", encoding: "base64" },
    content: "{url|portless}{body}",
  });
  // @ts-expect-error the URL is signed, through a filter too
  filtered({ secret: "a" });

  const base = { name: "n", algorithm: "hmac-sha256", secret: "utf8" } as const;
  const sig = { from: "header:x-sig", encoding: "hex" } as const;
  // @ts-expect-error a misspelt atom
  defineProvider({ ...base, signature: sig, content: "{timestmp}.{body}" });
  // @ts-expect-error {timestamp} without a timestamp
  defineProvider({ ...base, signature: sig, content: "{timestamp}.{body}" });
  // @ts-expect-error {id} without an id
  defineProvider({ ...base, signature: sig, content: "{id}.{body}" });
  // @ts-expect-error a composite id has no text to sign
  defineProvider({ ...base, signature: sig, content: "{id}.{body}", id: ["json:a", "json:b"] });
  // @ts-expect-error header names are lower-case
  defineProvider({ ...base, signature: { from: "header:X-Sig", encoding: "hex" }, content: "{body}" });
  // @ts-expect-error an unknown filter
  defineProvider({ ...base, signature: sig, content: "{body|md5}" });
  // @ts-expect-error the secret is never part of an HMAC's content
  defineProvider({ ...base, signature: sig, content: "{secret}{body}" });
  // @ts-expect-error a plain hash without the secret proves nothing
  defineProvider({ name: "n", algorithm: "sha256", secret: "utf8", signature: sig, content: "{body}" });
  // @ts-expect-error a key pair has no shared secret
  defineProvider({ name: "n", algorithm: "ed25519", secret: "utf8", signature: sig, content: "{body}" });
  // @ts-expect-error an HMAC has no public key
  defineProvider({ ...base, publicKey: "pem", signature: sig, content: "{body}" });
  // @ts-expect-error a token signs nothing
  defineProvider({ ...base, algorithm: "token", token: { from: "header:x" }, content: "{body}" });
  // @ts-expect-error a misspelt word
  defineProvider({ ...base, signature: { from: "header:x-sig", prefx: "v0=", encoding: "hex" }, content: "{body}" });
  // @ts-expect-error a misspelt top-level word
  defineProvider({ ...base, signature: sig, content: "{body}", handshakes: [] });
  // @ts-expect-error an option that is not declared
  defineProvider({ ...base, signature: sig, content: "{option:webhookId}{body}" });
  // @ts-expect-error unknown algorithm
  defineProvider({ ...base, algorithm: "hmac-md5", signature: sig, content: "{body}" });
  // @ts-expect-error no content
  defineProvider({ ...base, signature: sig });

  const two = defineProvider({
    name: "two",
    schemes: [
      scheme({ algorithm: "hmac-sha256", secret: "utf8", signature: sig, content: "{body}" }),
      scheme({ algorithm: "ed25519", publicKey: "raw-hex", signature: sig, content: "{body}" }),
    ],
  });
  two({ publicKey: "x" });
  two({ secret: "x" });
  two({ secret: "x", publicKey: "x" });
  // @ts-expect-error one of the two keys
  two({});

  const opt = defineProvider({ ...base, options: { webhookId: "text" }, signature: sig, content: "{option:webhookId}{body}" });
  opt({ secret: "a", webhookId: "w" });
  opt({ secret: "a", webhookId: process.env.WEBHOOK_ID });
  // @ts-expect-error the option is missing
  opt({ secret: "a" });
  // @ts-expect-error a misspelt option in use
  opt({ secret: "a", webhookId: "w", webhokId: "w" });

  const wrong = { algorithm: "hmac-sha256", secret: "utf8", content: "{bdy}" } as const;
  // @ts-expect-error a misspelt atom that came in by spread
  defineProvider({ name: "n", ...wrong, signature: sig });
  // @ts-expect-error a misspelt atom in one of several schemes
  defineProvider({ name: "n", schemes: [scheme({ ...wrong, signature: sig })] });
  // an option of the declaration in one of several schemes
  const part = scheme({ algorithm: "hmac-sha256", secret: "utf8", signature: sig, content: "{option:webhookId}{body}" });
  const parts = defineProvider({ name: "n", options: { webhookId: "text" }, schemes: [part] });
  parts({ secret: "a", webhookId: "w" });
  // @ts-expect-error the option is missing
  parts({ secret: "a" });
  // @ts-expect-error neither a scheme nor schemes
  defineProvider({ name: "n" });
  // @ts-expect-error a misspelt condition
  defineProvider({ ...base, signature: sig, content: "{body}", require: { "heder:x": "1" } });
}

/** Tokens, fetched keys, and the words that prototypes did without. */
export function moreNonsense(): void {
  const base = { name: "n", algorithm: "hmac-sha256", secret: "utf8" } as const;
  const sig = { from: "header:x-sig", encoding: "hex" } as const;
  const sealed = { algorithm: "hmac-sha256", secret: "utf8", signature: sig } as const;
  const pair = { name: "n", algorithm: "rsa-sha256", signature: sig, content: "{body}" } as const;
  const token = { from: "header:x" } as const;

  const signer = defineProvider({
    name: "n",
    algorithm: "jwt-hs256",
    secret: "utf8",
    mechanism: jwt,
    token,
    require: { "claim:sub": "{url}" },
  });
  signer({ secret: "a", publicUrl: "https://x.example/" });
  // @ts-expect-error a condition that speaks of the URL needs it too
  signer({ secret: "a" });
  // @ts-expect-error a JWT needs its mechanism
  defineProvider({ name: "n", algorithm: "jwt-hs256", secret: "utf8", token });
  // @ts-expect-error another mechanism
  defineProvider({ name: "n", algorithm: "jwt-hs256", secret: "utf8", token, mechanism: keyFetcher });
  // @ts-expect-error an RS256 token has no shared secret
  defineProvider({ name: "n", algorithm: "jwt-rs256", secret: "utf8", token, mechanism: jwt });
  // @ts-expect-error "none" is no algorithm
  defineProvider({ name: "n", algorithm: "jwt-none", secret: "utf8", token, mechanism: jwt });

  const fetched = defineProvider({ ...pair, publicKey: { url: "https://x.example/keys", as: "jwks", mechanism: keyFetcher } });
  fetched({});
  fetched({ fetchKey: async () => "" });
  // @ts-expect-error the key is fetched, and configured by nobody
  fetched({ publicKey: "a" });
  // @ts-expect-error a fetched key needs its mechanism
  defineProvider({ ...pair, publicKey: { url: "https://x.example/keys", as: "jwks" } });
  // @ts-expect-error a key is never fetched in the clear
  defineProvider({ ...pair, publicKey: { url: "http://x.example/keys", as: "jwks", mechanism: keyFetcher } });
  // @ts-expect-error a key URL named by the delivery, with no hosts
  defineProvider({ ...pair, publicKey: { url: "json:CertURL", as: "certificate", mechanism: keyFetcher } });
  // @ts-expect-error hosts for a URL that is fixed
  defineProvider({ ...pair, publicKey: { url: "https://x.example/keys", hosts: ["x.example"], as: "jwks", mechanism: keyFetcher } });
  // @ts-expect-error a form of key that nobody reads
  defineProvider({ ...pair, publicKey: "der" });

  const mac = { ...base, signature: sig, content: "{body}" } as const;
  const when = { "query:c": true } as const;
  const without = { secret: "a" } as const;
  // @ts-expect-error a condition speaks of the URL
  defineProvider({ ...mac, when: { "header:x-url": "{publicUrl}" } })(without);
  // @ts-expect-error a handshake's condition speaks of it
  defineProvider({ ...mac, handshake: [{ when: { "query:u": "{url}", "query:c": false }, reply: {} }] })(without);
  // @ts-expect-error a handshake's reply speaks of it
  defineProvider({ ...mac, handshake: [{ when, unsigned: true, reply: { text: "{publicUrl}" } }] })(without);
  // @ts-expect-error deep in JSON
  defineProvider({ ...mac, handshake: [{ when, reply: { json: { deep: [1, null, { url: "{publicUrl}" }] } } }] })(without);
  // @ts-expect-error the success reply speaks of it
  defineProvider({ ...mac, success: { headers: { location: "{publicUrl|portless}" } } })(without);
  // @ts-expect-error beside several schemes too
  defineProvider({ name: "n", schemes: [scheme({ ...sealed, content: "{body}" })], success: { text: "{publicUrl}" } })(without);
  const url = { secret: "a", publicUrl: "https://x.example/" };
  defineProvider({ ...mac, success: { text: "{publicUrl}" } })(url);
  // @ts-expect-error nothing speaks of the URL
  defineProvider({ ...mac, handshake: [{ when, reply: { text: "{query:c}" } }] })({ ...without, publicUrl: "https://x.example/" });

  // @ts-expect-error nothing else can recur
  defineProvider({ ...base, signature: sig, content: "{body}", unique: "id" });
  // @ts-expect-error known or unknown, not a text
  defineProvider({ ...base, signature: sig, content: "{body}", signedAnew: "yes" });
  // @ts-expect-error a tenant is one source
  defineProvider({ ...base, signature: sig, content: "{body}", tenant: ["json:a", "json:b"] });
  // @ts-expect-error a tenant is a source
  defineProvider({ ...base, signature: sig, content: "{body}", tenant: "shop" });
  // @ts-expect-error a day is written as YYYY-MM-DD
  defineProvider({ ...base, signature: sig, content: "{body}", checked: "yesterday" });
  // @ts-expect-error a page is reached over https
  defineProvider({ ...base, signature: sig, content: "{body}", docs: "http://x.example" });
  // @ts-expect-error a header repeats, or the word is not there
  defineProvider({ ...base, signature: { ...sig, repeats: false }, content: "{body}" });
  // @ts-expect-error a tolerance is a time, or the word for none
  defineProvider({ ...base, signature: sig, content: "{body}", timestamp: { from: "header:x", unit: "s", tolerance: "none" } });
  // @ts-expect-error a tolerance has two sides
  defineProvider({ ...base, signature: sig, content: "{body}", timestamp: { from: "header:x", unit: "s", tolerance: { past: 1 } } });
  // @ts-expect-error an unknown method
  defineProvider({ ...base, signature: sig, content: "{body}", methods: ["FETCH"] });
  // @ts-expect-error a reply is text or JSON
  defineProvider({ ...base, signature: sig, content: "{body}", success: { text: "ok", json: {} } });
  // @ts-expect-error reply headers are lower-case
  defineProvider({ ...base, signature: sig, content: "{body}", success: { headers: { "X-Ok": "1" } } });
  // @ts-expect-error a handshake has a reply
  defineProvider({ ...base, signature: sig, content: "{body}", handshake: [{ when: { "query:c": true } }] });
  // @ts-expect-error a handshake is told from other deliveries
  defineProvider({ ...base, signature: sig, content: "{body}", handshake: [{ reply: {} }] });
  // @ts-expect-error a misspelt word of a handshake
  defineProvider({ ...base, signature: sig, content: "{body}", handshake: [{ when: { "query:c": true }, unsined: true, reply: {} }] });
  // @ts-expect-error a body opens like JSON, or does not
  defineProvider({ ...base, signature: sig, content: "{body}", when: { body: "xml" } });
  // @ts-expect-error a handshake is signed unless the provider does not sign it
  defineProvider({ ...base, signature: sig, content: "{body}", handshake: [{ when: { "query:c": true }, unsigned: false, reply: {} }] });
  // @ts-expect-error a payload stands in a form or in JSON
  defineProvider({ ...base, signature: sig, content: "{body}", payload: "header:x" });
  // @ts-expect-error an id is a source
  defineProvider({ ...base, signature: sig, content: "{body}", id: "x-id" });
  // @ts-expect-error an option is a text, a secret, or has a default
  defineProvider({ ...base, options: { mode: "number" }, signature: sig, content: "{body}" });
  // @ts-expect-error words of a scheme beside schemes
  defineProvider({ ...base, signature: sig, content: "{body}", schemes: [] });
  // @ts-expect-error a misspelt word in one of several schemes
  scheme({ algorithm: "hmac-sha256", secret: "utf8", signature: sig, content: "{body}", toleranse: 1 });
}
