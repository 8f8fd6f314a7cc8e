import { createHash, createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deliver, mac, openAcme } from "../acme-verifier.js";
import { WORDS, type Words } from "./acme.js";

const replyTo = async (words: Words, delivery: Parameters<typeof deliver>[0], config?: object) => {
  const opened = openAcme(words, {}, config);
  const verdict = await opened.verifier.receive(deliver(delivery));
  if (verdict.outcome === "accepted") await verdict.claim.release();
  return { outcome: verdict.outcome, code: verdict.outcome === "rejected" ? verdict.code : undefined, ...verdict.reply };
};
const echo = { when: { method: "GET", "query:c": true }, unsigned: true, reply: { text: "{query:c}" } };
const sign = {
  when: { method: "GET", "query:c": true },
  unsigned: true,
  reply: { json: { token: ["{query:c|hmac-base64}", 7, null], ok: true } },
};
const get = (url: string) => ({ method: "GET", url, headers: {}, text: "" });

describe("an unsigned handshake", () => {
  it("is answered in plain text, and nobody may sniff at it", async () => {
    expect(await replyTo({ handshake: [echo] }, get("/?c=77"))).toEqual({
      outcome: "handshake",
      code: undefined,
      status: 200,
      headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
      body: "77",
    });
  });

  it("is told and learns by names that the user chose", async () => {
    const learned: string[] = [];
    const hello = { when: { "header:{option:hello}": "1" }, unsigned: true, learns: "header:{option:key}", reply: { text: "hi" } };
    const words = { options: { hello: "text", key: { default: "X-Key" } }, handshake: [hello] };
    const delivery = { headers: { "x-hello": "1", "x-key": "k" }, text: "" };
    expect(await replyTo(words, delivery, { secret: "s", hello: "X-Hello", onSecret: (key: string) => learned.push(key) })).toMatchObject({
      body: "hi",
    });
    expect(learned).toEqual(["k"]);
  });

  it("echoes no more than 1024 characters", async () => {
    expect(await replyTo({ handshake: [echo] }, get(`/?c=${"x".repeat(1024)}`))).toMatchObject({ outcome: "handshake" });
    expect(await replyTo({ handshake: [echo] }, get(`/?c=${"x".repeat(1025)}`))).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 401 });
  });

  it("writes texts beyond ASCII as UTF-8", async () => {
    expect(await replyTo({ handshake: [echo] }, get(`/?c=${encodeURIComponent("é€😀")}`))).toMatchObject({ body: "é€😀" });
  });

  it("signs tokens, and nothing that could be the content of an event", async () => {
    const reply = await replyTo({ handshake: [sign] }, get("/?c=abc-_%2B%2F%3D09"));
    const token = createHmac("sha256", "s3cret").update("abc-_+/=09").digest("base64");
    expect(JSON.parse(reply.body ?? "")).toEqual({ token: [token, 7, null], ok: true });
    expect(reply.headers["content-type"]).toBe("application/json");
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        const { outcome } = await replyTo({ handshake: [sign] }, get(`/?c=${encodeURIComponent(Buffer.from(text).toString())}`));
        expect(outcome).toBe(/^[A-Za-z0-9+/_=-]{1,128}$/.test(text) ? "handshake" : "rejected");
      }),
      { numRuns: 60 },
    );
  });

  it("is signed with the secret of the tenant that asks, and by no decoy", async () => {
    const secret = async ({ url }: { url: URL }) => (url.searchParams.get("t") === "a" ? { tenant: "a", secrets: ["of a"] } : undefined);
    const reply = await replyTo({ handshake: [sign] }, get("/?t=a&c=x"), { secret });
    expect(reply.body).toContain(createHmac("sha256", "of a").update("x").digest("base64"));
    expect(await replyTo({ handshake: [sign] }, get("/?t=b&c=x"), { secret })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });

  it("asks no resolver for a secret that its reply does not need", async () => {
    const asked: string[] = [];
    const secret = async ({ url }: { url: URL }) => {
      asked.push(url.search);
      return { tenant: null, secrets: "s3cret" };
    };
    for (const shake of [echo, sign])
      expect(await replyTo({ handshake: [shake] }, get("/?c=x"), { secret })).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(1);
  });

  it("is not signed with a public key, nor where no secret is configured", async () => {
    const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const pair = { algorithm: "ed25519", secret: undefined, publicKey: "raw-hex", handshake: [sign] };
    expect(await replyTo(pair, get("/?c=x"), { publicKey: key })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
    const { algorithm, secret, signature, content } = WORDS;
    const none = { algorithm: undefined, secret: undefined, signature: undefined, content: undefined };
    const schemes = [
      { scheme: { algorithm, secret, signature, content } },
      { scheme: { algorithm: "ed25519", publicKey: "raw-hex", signature, content } },
    ];
    expect(await replyTo({ ...none, schemes, handshake: [sign] }, get("/?c=x"), { publicKey: key })).toMatchObject({
      code: "HANDSHAKE_REFUSED",
    });
  });

  it("is signed with the shared secret of whichever scheme holds one, by that scheme's hash", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { signature } = WORDS;
    const none = { algorithm: undefined, secret: undefined, signature: undefined, content: undefined };
    const pair = { algorithm: "ed25519", publicKey: "spki-base64", signature, content: "{body}" };
    const shared = { algorithm: "hmac-sha512", secret: "utf8", signature: { from: "header:x-mac", encoding: "hex" }, content: "{body}" };
    const config = { publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"), secret: "s3cret" };
    const shake = { when: { "json:hello": true }, reply: { text: "{json:hello|hmac-hex}" } };
    const words = { ...none, schemes: [{ scheme: pair }, { scheme: shared }], handshake: [sign, shake] };
    const macOf = (text: string) => createHmac("sha512", "s3cret").update(text);
    expect(await replyTo(words, get("/?c=x"), config)).toMatchObject({
      outcome: "handshake",
      body: JSON.stringify({ token: [macOf("x").digest("base64"), 7, null], ok: true }),
    });
    const text = '{"hello":"y"}';
    const headers = { "x-sig": signBytes(null, Buffer.from(text), privateKey).toString("hex") };
    expect(await replyTo(words, { headers, text }, config)).toMatchObject({ outcome: "handshake", body: macOf("y").digest("hex") });
  });

  it("that does not match is refused where only handshakes have its method, and never reaches a handler", async () => {
    expect(await replyTo({ handshake: [echo] }, get("/?d=77"))).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 401 });
    expect(await replyTo({ handshake: [echo] }, { ...get("/?d=77"), headers: { "x-sig": mac("") } })).toMatchObject({
      code: "HANDSHAKE_REFUSED",
    });
    expect(
      await replyTo({ handshake: [echo], methods: ["POST", "GET"] }, { ...get("/?d=7"), headers: { "x-sig": mac("") } }),
    ).toMatchObject({ outcome: "accepted" });
    expect(await replyTo({ handshake: [echo] }, { method: "HEAD", headers: {} })).toMatchObject({
      code: "METHOD_NOT_ALLOWED",
      headers: { allow: "POST, GET" },
    });
  });

  it("is told by a hash, and where that does not hold the next is asked", async () => {
    const hashOf = (name: string, text: string) => ({
      when: { method: "GET", "query:h": `{query:${name}|sha256-hex}` },
      unsigned: true,
      reply: { text },
    });
    const words = { handshake: [hashOf("c", "first"), hashOf("d", "second")] };
    const hash = createHash("sha256").update("77").digest("hex");
    expect(await replyTo(words, get(`/?c=77&d=0&h=${hash}`))).toMatchObject({ body: "first" });
    expect(await replyTo(words, get(`/?c=0&d=77&h=${hash}`))).toMatchObject({ body: "second" });
    expect(await replyTo(words, get("/?c=0&d=77&h=00"))).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });

  it("is none where the body that its hash would be of cannot be read", async () => {
    const hashed = { when: { "query:h": "{json:c|sha256-hex}" }, unsigned: true, reply: { text: "hashed" } };
    const broken = { url: "/?h=00", headers: { "content-type": "application/json", "x-sig": mac("{") }, text: "{" };
    expect(await replyTo({ handshake: [hashed] }, broken)).toMatchObject({ code: "PAYLOAD_MALFORMED" });
    expect(await replyTo({ handshake: [hashed] }, { ...broken, headers: { ...broken.headers, "x-sig": mac("x") } })).toMatchObject({
      code: "SIGNATURE_MISMATCH",
    });
  });

  it("may stand in the body, where a signature is missing or not", async () => {
    const late = {
      when: { "json:challenge": true, "header:x-sig": false },
      unsigned: true,
      reply: { status: 202, text: "{json:challenge}" },
    };
    const text = '{"challenge":"c"}';
    expect(await replyTo({ handshake: [late] }, { headers: {}, text })).toMatchObject({ outcome: "handshake", status: 202, body: "c" });
    expect(await replyTo({ handshake: [late] }, { headers: { "x-sig": mac(text) }, text })).toMatchObject({ outcome: "accepted" });
    expect(await replyTo({ handshake: [late] }, { headers: {}, text: "{}" })).toMatchObject({ code: "HEADER_MISSING" });
    const shake = { ...late, when: { method: "PUT", "json:challenge": true } };
    expect(await replyTo({ handshake: [shake] }, { method: "PUT", headers: {}, text: "{}" })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });

  it("puts into a header only what a header can hold", async () => {
    const words = { handshake: [{ ...echo, reply: { headers: { "x-echo": "{query:c}" } } }] };
    expect(await replyTo(words, get("/?c=a%20b"))).toMatchObject({ headers: { "x-echo": "a b" }, body: null });
    for (const value of ["a%0d%0ax:y", "%c3%a9", "x".repeat(257), ""])
      expect(await replyTo(words, get(`/?c=${value}`))).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });
});

describe("a signed handshake", () => {
  const shake = { when: { "json:type": "hello" }, reply: { json: { hello: "{json:name}" } } };
  const body = (name: string): string => JSON.stringify({ type: "hello", name });

  it("is verified first, answered, and never handled", async () => {
    expect(await replyTo({ handshake: [shake] }, { text: body("x") })).toMatchObject({ outcome: "handshake", body: '{"hello":"x"}' });
    expect(await replyTo({ handshake: [shake] }, { text: body("x"), headers: { "x-sig": mac("other") } })).toMatchObject({
      code: "SIGNATURE_MISMATCH",
    });
    expect(await replyTo({ handshake: [shake] }, { text: '{"type":"event"}' })).toMatchObject({ outcome: "accepted" });
  });

  it("with a method of its own is nothing else", async () => {
    const words = { handshake: [{ ...shake, when: { method: "PUT", "json:type": "hello" } }, echo] };
    expect(await replyTo(words, { method: "PUT", text: body("x") })).toMatchObject({ outcome: "handshake" });
    expect(await replyTo(words, { method: "PUT", text: "{}" })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });

  it("may be answered with the secret", async () => {
    const words = { handshake: [{ ...shake, reply: { text: "{json:name|hmac-hex}" } }] };
    expect(await replyTo(words, { text: body("abc") })).toMatchObject({ body: mac("abc") });
    expect(await replyTo(words, { text: body("{}") })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
    expect(await replyTo(words, { text: '{"type":"hello"}' })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });
});

describe("a secret that a handshake hands over", () => {
  const words = {
    handshake: [
      {
        when: { "header:x-secret": true },
        unsigned: true,
        learns: "header:x-secret",
        reply: { headers: { "x-secret": "{header:x-secret}" } },
      },
    ],
  };
  it("goes to the user, and into no key ring", async () => {
    const learned: string[] = [];
    const config = { secret: "s3cret", onSecret: async (secret: string) => void learned.push(secret) };
    expect(await replyTo(words, { headers: { "x-secret": "new" } }, config)).toMatchObject({
      outcome: "handshake",
      headers: { "x-secret": "new" },
    });
    expect(learned).toEqual(["new"]);
    expect(await replyTo(words, { headers: { "x-sig": mac("x", "new") }, text: "x" }, config)).toMatchObject({
      code: "SIGNATURE_MISMATCH",
    });
  });

  it("is refused where nobody keeps it, where it is none, and comes again where keeping it fails", async () => {
    expect(await replyTo(words, { headers: { "x-secret": "new" } })).toMatchObject({ code: "HANDSHAKE_REFUSED" });
    const onSecret = () => Promise.reject(new Error("no disk"));
    expect(await replyTo(words, { headers: { "x-secret": "new" } }, { secret: "s", onSecret })).toMatchObject({
      code: "SECRETS_UNAVAILABLE",
    });
    const keeping = { secret: "s", onSecret: () => {} };
    for (const secret of ["", " ", "x".repeat(1025)])
      expect(await replyTo(words, { headers: { "x-secret": secret } }, keeping)).toMatchObject({ code: "HANDSHAKE_REFUSED" });
    const unconditional = { handshake: [{ ...words.handshake[0], when: { method: "PUT" } }] };
    expect(await replyTo(unconditional, { method: "PUT", headers: {} }, keeping)).toMatchObject({ code: "HANDSHAKE_REFUSED" });
  });
});

describe("the success reply", () => {
  it("is the provider's, constant, for duplicates too", async () => {
    const { verifier } = openAcme({ id: "json:id", success: { status: 202, text: "[accepted]" } });
    const first = await verifier.receive(deliver());
    if (first.outcome === "accepted") await first.claim.commit();
    const second = await verifier.receive(deliver());
    expect(second.reply).toEqual(first.reply);
    expect(first.reply).toMatchObject({ status: 202, body: "[accepted]" });
  });
});
