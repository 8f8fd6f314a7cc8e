import { generateKeyPairSync, sign } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "./make-certificate.js";
import { digestOf, JSON_BODY, mac, NOW, SECONDS, URL_OF_HOOK, verify } from "./self-made.js";

const form = { "content-type": "application/x-www-form-urlencoded" };
const iso = new Date(NOW).toISOString();
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ed = generateKeyPairSync("ed25519");
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwkSet = (key: typeof ed.publicKey) => JSON.stringify({ keys: [key.export({ format: "jwk" })] });
const rsaSigned = (content: string): string => sign("sha256", Buffer.from(content), rsa.privateKey).toString("base64");

describe("hmac schemes", () => {
  const ids = ["r-1", undefined];
  it.each(ids)("leaves Mercado Pago's optional parts out where they are absent (request id %s)", async (id) => {
    const manifest = `id:abc;${id === undefined ? "" : `request-id:${id};`}ts:${SECONDS};`;
    const headers = {
      ...(id !== undefined && { "x-request-id": id }),
      "x-signature": `ts=${SECONDS},v1=${mac("sha256", "k", manifest, "hex")}`,
    };
    const event = await verify("mercado-pago", { secret: "k" }, { url: "/?data.id=ABC", headers, body: JSON_BODY });
    expect(event).toMatchObject({ provider: "mercado-pago" });
  });

  const v1 = mac("sha256", "old", `${SECONDS}.${JSON_BODY}`, "hex");
  const stripe = (signature: string, now = NOW) =>
    verify("stripe", { secret: ["new", "old"] }, { headers: { "stripe-signature": signature }, body: JSON_BODY }, now);

  it("finds the older of two secrets among decoys, and says which fitted and what is signed", async () => {
    const event = await stripe(`t=${SECONDS},v1=${"0".repeat(64)},v1=${v1},v0=${v1}`);
    expect(event).toMatchObject({ keyId: "1", signed: { timestamp: true, body: true, url: false } });
  });

  it("takes no item of another version, and no list with two timestamps", async () => {
    expect(await stripe(`t=${SECONDS},v0=${v1}`)).toBe("HEADER_MISSING");
    expect(await stripe(`t=${SECONDS},t=${SECONDS},v1=${v1}`)).toBe("HEADER_DUPLICATED");
  });

  it("judges the timestamp on both sides, to the second", async () => {
    const signature = `t=${SECONDS},v1=${v1}`;
    expect(await stripe(signature, NOW + 300_000)).toBeTypeOf("object");
    expect(await stripe(signature, NOW + 301_000)).toBe("TIMESTAMP_TOO_OLD");
    expect(await stripe(signature, NOW - 300_000)).toBeTypeOf("object");
    expect(await stripe(signature, NOW - 301_000)).toBe("TIMESTAMP_IN_FUTURE");
  });

  it("strips Inngest's prefix, whatever stands for its star", async () => {
    const signature = `t=${SECONDS}&s=${mac("sha256", "abc", JSON_BODY + SECONDS, "hex")}`;
    const input = { headers: { "x-inngest-signature": signature }, body: JSON_BODY };
    expect(await verify("inngest", { secret: "signkey-prod-abc" }, input)).toBeTypeOf("object");
    expect(await verify("inngest", { secret: "signkey-test-abc" }, input)).toBeTypeOf("object");
    expect(await verify("inngest", { secret: "signkey-prod-abd" }, input)).toBe("SIGNATURE_MISMATCH");
  });

  it("looks at each of DocuSign's numbered headers", async () => {
    const headers = {
      "x-docusign-signature-1": Buffer.alloc(32).toString("base64"),
      "x-docusign-signature-2": mac("sha256", "k", JSON_BODY, "base64"),
    };
    expect(await verify("docusign", { secret: "k" }, { headers, body: JSON_BODY })).toBeTypeOf("object");
  });

  it("reads Dropbox Sign's proof out of the JSON in a form", async () => {
    const hash = mac("sha256", "k", "1t", "hex");
    const body = `json=${encodeURIComponent(JSON.stringify({ event: { event_time: "1", event_type: "t", event_hash: hash } }))}`;
    expect(await verify("dropbox-sign", { secret: "k" }, { headers: form, body })).toMatchObject({ type: "t", signed: { body: false } });
  });
});

describe("twilio", () => {
  const options = { secret: "k", publicUrl: "https://x.example/hook" };
  const signed = (text: string) => ({ "x-twilio-signature": mac("sha1", "k", text, "base64") });

  it("signs parameters by name, equal ones once, as their decoded text", async () => {
    const body = "Body=h%C3%A9+llo&To=%2B1&B=2&B=1&B=2";
    const headers = { ...form, ...signed("https://x.example/hookB1B2Bodyhé lloTo+1") };
    expect(await verify("twilio", options, { url: "/hook", headers, body })).toBeTypeOf("object");
    expect(await verify("twilio", options, { url: "/hook", headers, body: `${body}&C=1` })).toBe("SIGNATURE_MISMATCH");
  });

  it("takes no JSON delivery whose body was taken away for an empty form", async () => {
    const url = `/hook?bodySHA256=${digestOf(JSON_BODY, "hex")}`;
    const headers = { "content-type": "application/json", ...signed(`https://x.example${url}`) };
    expect(await verify("twilio", options, { url, headers, body: JSON_BODY })).toMatchObject({ signed: { body: true, url: true } });
    expect(await verify("twilio", options, { url, headers, body: "" })).toBe("SIGNATURE_MISMATCH");
    expect(await verify("twilio", options, { url, headers, body: '{"a":2}' })).toBe("SIGNATURE_MISMATCH");
  });
});

describe("keys that are fetched", () => {
  it("verifies fal's hash of the body with a key of its set", async () => {
    const content = `r\nu\n${SECONDS}\n${digestOf(JSON_BODY, "hex")}`;
    const headers = {
      "x-fal-webhook-request-id": "r",
      "x-fal-webhook-user-id": "u",
      "x-fal-webhook-timestamp": SECONDS,
      "x-fal-webhook-signature": sign(null, Buffer.from(content), ed.privateKey).toString("hex"),
    };
    const fetchKey = async () => jwkSet(ed.publicKey);
    const event = await verify("fal", { fetchKey }, { headers, body: JSON_BODY });
    expect(event).toMatchObject({ id: "r", signed: { id: true, timestamp: true, body: true } });
    expect(await verify("fal", { fetchKey }, { headers, body: '{"a":2}' })).toBe("SIGNATURE_MISMATCH");
  });

  const certificate = makeCertificate(rsa, "messageverificationcerts.paypal.com");
  const paypal = (url: string, pem = certificate) => {
    const content = `T|${iso}|W|${crc32(JSON_BODY)}`;
    const headers = {
      "paypal-transmission-id": "T",
      "paypal-transmission-time": iso,
      "paypal-cert-url": url,
      "paypal-transmission-sig": rsaSigned(content),
    };
    return verify("paypal", { webhookId: "W", fetchKey: async () => pem }, { headers, body: JSON_BODY });
  };

  it("verifies PayPal with the certificate that it names, and knows that a checksum signs no body", async () => {
    expect(await paypal("https://api.paypal.com/cert")).toMatchObject({ signed: { body: false, payload: false, timestamp: true } });
  });

  it.each([
    "https://api.paypal.com.evil.example/c",
    "https://evil.example/api.paypal.com",
    "http://api.paypal.com/cert",
    "https://api.paypal.com@evil.example/cert",
    "nonsense",
  ])("fetches no key from %s", async (url) => {
    expect(await paypal(url)).toBe("SIGNATURE_MISMATCH");
  });

  it("answers 503 where the certificate is another's, or cannot be read", async () => {
    expect(await paypal("https://api.paypal.com/cert", makeCertificate(rsa, "evil.example"))).toBe("SECRETS_UNAVAILABLE");
    expect(await paypal("https://api.paypal.com/cert", "nonsense")).toBe("SECRETS_UNAVAILABLE");
  });

  it("verifies SNS over the fields that are there, in both of its versions", async () => {
    const fields: Record<string, string> = { Type: "Notification", MessageId: "m", TopicArn: "arn", Message: "hi\nthere", Timestamp: iso };
    const content = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"].map((name) => `${name}\n${fields[name]}\n`).join("");
    const fetchKey = async () => makeCertificate(rsa, "sns.amazonaws.com");
    for (const [version, hash] of [
      ["1", "sha1"],
      ["2", "sha256"],
    ] as const) {
      const signature = sign(hash, Buffer.from(content), rsa.privateKey).toString("base64");
      const certUrl = "https://sns.eu-west-1.amazonaws.com/c.pem";
      const message = { ...fields, SignatureVersion: version, SigningCertURL: certUrl, Signature: signature };
      const event = await verify("aws-sns", { fetchKey }, { headers: {}, body: JSON.stringify(message) });
      expect(event).toMatchObject({ id: "m", type: "Notification", signed: { id: true, type: true, body: false, payload: false } });
      const changed = { ...message, Message: "ho" };
      expect(await verify("aws-sns", { fetchKey }, { headers: {}, body: JSON.stringify(changed) })).toBe("SIGNATURE_MISMATCH");
      const other = { ...message, SignatureVersion: version === "1" ? "2" : "1" };
      expect(await verify("aws-sns", { fetchKey }, { headers: {}, body: JSON.stringify(other) })).toBe("SIGNATURE_MISMATCH");
    }
  });

  it("verifies Contentstack's RSA-PSS with a key inside a document", async () => {
    const body = JSON.stringify({ triggered_at: iso, module: "entry", event: "x" });
    const signature = sign("sha256", Buffer.from(body), { key: rsa.privateKey, padding: 6, saltLength: 32 }).toString("base64");
    const document = JSON.stringify({ "signing-key": rsa.publicKey.export({ format: "pem", type: "spki" }) });
    const urls: string[] = [];
    const fetchKey = async (url: string) => {
      urls.push(url);
      return document;
    };
    const headers = { "x-contentstack-request-signature": `v1=${signature}` };
    expect(await verify("contentstack", { region: "eu-", fetchKey }, { headers, body })).toMatchObject({ type: "entry.x" });
    expect(urls).toEqual(["https://eu-app.contentstack.com/.well-known/public-keys.json"]);
  });
});

describe("json web tokens", () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (key: string, claims: object, alg = "HS256"): string => {
    const head = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
    return `${head}.${mac("sha256", key, head, "base64url")}`;
  };
  const netlify = (claims: object, alg?: string, body = JSON_BODY) =>
    verify("netlify", { secret: "k" }, { headers: { "x-webhook-signature": token("k", claims, alg) }, body });
  const claims = { iss: "netlify", sha256: digestOf(JSON_BODY, "hex") };

  it("holds the hash in a claim against the body, so that the body is signed", async () => {
    expect(await netlify(claims)).toMatchObject({ signed: { body: true } });
    expect(await netlify(claims, "HS256", '{"a":2}')).toBe("SIGNATURE_MISMATCH");
    expect(await netlify({ ...claims, iss: "else" })).toBe("SIGNATURE_MISMATCH");
  });

  it("takes no token that chooses its own algorithm", async () => {
    expect(await netlify(claims, "none")).toBe("SIGNATURE_MISMATCH");
    expect(await netlify(claims, "RS256")).toBe("SIGNATURE_MISMATCH");
  });

  it("compares base64 without its padding, and judges exp", async () => {
    const options = { secret: ["old", "k"], publicUrl: URL_OF_HOOK };
    const qstash = (exp: number) =>
      verify("upstash-qstash", options, {
        url: "/hook?a=1",
        headers: {
          "upstash-signature": token("k", { iss: "Upstash", sub: URL_OF_HOOK, body: `${digestOf(JSON_BODY, "base64url")}=`, exp }),
        },
        body: JSON_BODY,
      });
    expect(await qstash(NOW / 1000 + 9)).toMatchObject({ keyId: "1" });
    expect(await qstash(NOW / 1000 - 99)).toBe("SIGNATURE_MISMATCH");
  });

  it("verifies Plaid's ES256 with a key that is configured", async () => {
    const head = `${part({ alg: "ES256", kid: "x" })}.${part({ iat: NOW / 1000, request_body_sha256: digestOf(JSON_BODY, "hex") })}`;
    const publicKey = JSON.stringify(ec.publicKey.export({ format: "jwk" }));
    for (let round = 0; round < 20; round++) {
      const signature = sign("sha256", Buffer.from(head), { key: ec.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
      const event = await verify("plaid", { publicKey }, { headers: { "plaid-verification": `${head}.${signature}` }, body: JSON_BODY });
      expect(event).toMatchObject({ signed: { body: true, timestamp: true } });
    }
  });
});

describe("shared tokens", () => {
  it("undoes Basic", async () => {
    const headers = { authorization: `Basic ${Buffer.from("u:p").toString("base64")}` };
    expect(await verify("postmark", { secret: "u:p" }, { headers, body: JSON_BODY })).toBeTypeOf("object");
    expect(await verify("postmark", { secret: "u:q" }, { headers, body: JSON_BODY })).toBe("SIGNATURE_MISMATCH");
  });

  it("reads the header that the user names", async () => {
    const input = { headers: { "x-mine": "s" }, body: JSON_BODY };
    expect(await verify("okta", { secret: "s", header: "x-mine" }, input)).toBeTypeOf("object");
    expect(await verify("okta", { secret: "s" }, input)).toBe("HEADER_MISSING");
  });

  it("reads Telegram's type off the one other key", async () => {
    const headers = { "x-telegram-bot-api-secret-token": "s" };
    expect(await verify("telegram", { secret: "s" }, { headers, body: '{"update_id":7,"message":{}}' })).toMatchObject({
      id: "7",
      type: "message",
    });
  });
});
