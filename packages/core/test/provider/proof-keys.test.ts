import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import type { JwtMechanism, KeyFetcher } from "../../src/provider/mechanism.js";
import type { SecretResolver } from "../../src/signature/key-ring.js";
import { mac, openAcme } from "../acme-verifier.js";
import type { Words } from "./acme.js";
import { codeOf } from "./code-of.js";

describe("a shared token", () => {
  const token = (more: Words) => ({
    algorithm: "token",
    signature: undefined,
    content: undefined,
    token: { from: "header:x-token", ...more },
  });
  it("is compared whole, with its prefix in any case", async () => {
    expect(await codeOf(token({}), { "x-token": "s3cret" })).toBe("accepted");
    expect(await codeOf(token({}), { "x-token": "S3cret" })).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(token({}), {})).toBe("HEADER_MISSING");
    expect(await codeOf(token({ prefix: "Bearer " }), { "x-token": "bearer s3cret" })).toBe("accepted");
    expect(await codeOf(token({ prefix: "Bearer " }), { "x-token": "s3cret" })).toBe("HEADER_MISSING");
    expect(await codeOf(token({ prefix: "Basic ", encoding: "base64" }), { "x-token": "Basic %%%" })).toBe("HEADER_MALFORMED");
    expect(await codeOf(token({}), { "x-token": "wrong" }, "x", { secret: ["s3cret", "other", "s3cret"] })).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(token({}), { "x-token": "other" }, "x", { secret: ["s3cret", "other", "s3cret"] })).toBe("accepted");
  });

  it("beyond ASCII is the same in a header, in the query and in JSON", async () => {
    const config = { secret: "pässwörd" };
    const wire = Buffer.from("pässwörd").toString("latin1");
    expect(await codeOf(token({}), { "x-token": wire }, "x", config)).toBe("accepted");
    expect(await codeOf(token({ from: "json:token" }), {}, '{"token":"pässwörd"}', config)).toBe("accepted");
    const query = await openAcme(token({ from: "query:token" }), {}, config).verify({}, "x", `/?token=${encodeURIComponent("pässwörd")}`);
    expect(query).toBeTypeOf("object");
    const basic = Buffer.from("pässwörd").toString("base64");
    expect(await codeOf(token({ prefix: "Basic ", encoding: "base64" }), { "x-token": `Basic ${basic}` }, "x", config)).toBe("accepted");
    expect(await codeOf(token({ from: "json:token", encoding: "base64" }), {}, JSON.stringify({ token: basic }), config)).toBe("accepted");
  });
});

describe("key pairs", () => {
  const keys = Array.from({ length: 6 }, () => generateKeyPairSync("ed25519"));
  const hexOf = (i: number): string => keys[i]?.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex") ?? "";
  const signed = (i: number): string => sign(null, Buffer.from("x"), keys[i]?.privateKey as never).toString("hex");
  const words = { algorithm: "ed25519", secret: undefined, publicKey: "raw-hex" };

  it("are tried four times, and no more", async () => {
    const config = { publicKey: async () => ({ tenant: null, secrets: [0, 1, 2, 3, 4].map(hexOf) }) };
    expect(await codeOf(words, { "x-sig": signed(3) }, "x", config)).toBe("accepted");
    expect(await codeOf(words, { "x-sig": signed(4) }, "x", config)).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf(words, { "x-sig": signed(5) }, "x", { publicKey: hexOf(0) })).toBe("SIGNATURE_MISMATCH");
  });

  it("stand behind a resolver too, with a decoy for a tenant that nobody knows", async () => {
    const publicKey: SecretResolver = async ({ headers }) =>
      headers.get("x-tenant") === "a" ? { tenant: "a", secrets: hexOf(0) } : undefined;
    expect(await codeOf(words, { "x-sig": signed(0), "x-tenant": "a" }, "x", { publicKey })).toBe("accepted");
    expect(await codeOf(words, { "x-sig": signed(0), "x-tenant": "b" }, "x", { publicKey })).toBe("TENANT_UNKNOWN");
    const pem = { ...words, publicKey: "pem", algorithm: "rsa-sha256" };
    expect(await codeOf(pem, { "x-sig": signed(0) }, "x", { publicKey })).toBe("TENANT_UNKNOWN");
  });
});

describe("a resolver", () => {
  const hmac = (separator: string) => ({
    scheme: {
      algorithm: "hmac-sha256",
      secret: "utf8",
      signature: { from: "header:x-sig", encoding: "hex" },
      content: `${separator}{body}`,
    },
  });
  const none = { algorithm: undefined, secret: undefined, signature: undefined, content: undefined };
  const three = { ...none, schemes: [hmac("a"), hmac("b"), hmac("c")] };

  it("is asked once for a delivery that several schemes try, whether it knows the tenant or not", async () => {
    const asked: string[] = [];
    const secret: SecretResolver = async ({ headers }) => {
      asked.push(headers.get("x-tenant") ?? "");
      return headers.get("x-tenant") === "known" ? { tenant: "known", secrets: "s3cret" } : undefined;
    };
    const { verify } = openAcme(three, {}, { secret });
    expect(await verify({ "x-sig": mac("cx"), "x-tenant": "known" }, "x")).toBeTypeOf("object");
    expect(await verify({ "x-sig": mac("dx"), "x-tenant": "known" }, "x")).toBe("SIGNATURE_MISMATCH");
    expect(await verify({ "x-sig": mac("cx"), "x-tenant": "stranger" }, "x")).toBe("TENANT_UNKNOWN");
    expect(asked).toEqual(["known", "known", "stranger"]);
  });

  it("that knows no tenant leaves the delivery to the schemes of other keys", async () => {
    const key = generateKeyPairSync("ed25519");
    const pair = {
      scheme: {
        algorithm: "ed25519",
        publicKey: "spki-base64",
        signature: { from: "header:x-sig", encoding: "hex" },
        content: "{body}",
      },
    };
    const publicKey = key.publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const { verify } = openAcme({ ...none, schemes: [hmac("a"), pair] }, {}, { secret: async () => undefined, publicKey });
    expect(await verify({ "x-sig": sign(null, Buffer.from("x"), key.privateKey).toString("hex") }, "x")).toBeTypeOf("object");
    expect(await verify({ "x-sig": mac("ax") }, "x")).toBe("TENANT_UNKNOWN");
  });
});

describe("fetched keys", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keyFetcher = (answer: KeyFetcher["keys"]): Words => ({
    algorithm: "rsa-sha256",
    secret: undefined,
    publicKey: {
      url: "header:x-key-url",
      hosts: ["keys.acme.example", "*.acme.test"],
      as: "pem",
      mechanism: { mechanism: "keys", keys: answer },
    },
  });
  const signature = sign("sha256", Buffer.from("x"), rsa.privateKey).toString("hex");

  it("come from the provider's hosts alone", async () => {
    const asked: unknown[][] = [];
    const words = keyFetcher(async (...question) => {
      asked.push(question);
      return [];
    });
    const fetchKey = async () => "";
    const ask = (url?: string) => codeOf(words, { "x-sig": signature, ...(url !== undefined && { "x-key-url": url }) }, "x", { fetchKey });
    for (const url of ["https://keys.acme.example/k", "https://a.acme.test:8443/k"]) expect(await ask(url)).toBe("SIGNATURE_MISMATCH");
    expect(asked.map(([url, declared, fetch, algorithm]) => [url, (declared as { as: string }).as, fetch, algorithm])).toEqual([
      ["https://keys.acme.example/k", "pem", fetchKey, "rsa-sha256"],
      ["https://a.acme.test:8443/k", "pem", fetchKey, "rsa-sha256"],
    ]);
    for (const url of [
      "http://keys.acme.example/k",
      "https://acme.test/k",
      "https://a.b.acme.test/k",
      "https://keys.acme.example.evil/k",
      "x",
      "ftp://keys.acme.example",
    ])
      expect(await ask(url)).toBe("SIGNATURE_MISMATCH");
    expect(await ask()).toBe("HEADER_MISSING");
    expect(asked).toHaveLength(2);
  });

  it("come from a URL that is fixed, with no hosts to name", async () => {
    const keys: KeyFetcher["keys"] = async (url) => {
      expect(url).toBe("https://keys.acme.example/eu");
      return [];
    };
    const words = {
      ...keyFetcher(keys),
      options: { region: "text" },
      publicKey: { url: "https://keys.acme.example/{option:region}", as: "pem", mechanism: { mechanism: "keys", keys } },
    };
    expect(await codeOf(words, { "x-sig": signature }, "x", { region: "eu" })).toBe("SIGNATURE_MISMATCH");
  });

  it("that cannot be fetched are nobody's fault that signs", async () => {
    const words = keyFetcher(() => Promise.reject(new Error("no route")));
    expect(await codeOf(words, { "x-sig": signature, "x-key-url": "https://keys.acme.example/k" }, "x", {})).toBe("SECRETS_UNAVAILABLE");
  });
});

describe("a JWT mechanism", () => {
  const words = (verify: JwtMechanism["verify"]): Words => ({
    ...{ algorithm: "jwt-hs256", signature: undefined, content: undefined, token: { from: "header:x-token", prefix: "Bearer " } },
    mechanism: { mechanism: "jwt", verify },
    require: { "claim:hash": "{body|sha256-hex}" },
  });

  it("is asked with the token, the keys and the clock; its claims are then held against the delivery", async () => {
    const asked: unknown[] = [];
    const ask = (claims: object | undefined) =>
      codeOf(
        words((question) => {
          asked.push(question);
          return claims && { key: 0, claims: claims as Record<string, unknown> };
        }),
        { "x-token": "Bearer a.b.c" },
      );
    const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    expect(await ask({ hash })).toBe("accepted");
    expect(await ask({ hash: "00" })).toBe("SIGNATURE_MISMATCH");
    expect(await ask(undefined)).toBe("SIGNATURE_MISMATCH");
    expect(asked[0]).toMatchObject({ algorithm: "jwt-hs256", token: "a.b.c", now: 1_700_000_000_000, keys: [expect.anything()] });
  });
});

describe("a mechanism that throws", () => {
  it.each([
    [new ConfigurationError("jwt", "it needs a key"), "jwt: it needs a key"],
    [new Error("x"), "something failed that no check expected"],
  ])("is the operator's fault: %s", async (fault, message) => {
    const verify = () => Promise.reject(fault);
    const words = {
      algorithm: "jwt-hs256",
      signature: undefined,
      content: undefined,
      token: { from: "header:x" },
      mechanism: { mechanism: "jwt", verify },
    };
    const { verifier } = openAcme(words);
    await expect(verifier.verify({ headers: { x: "a" }, body: "" })).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringContaining(message),
      cause: fault,
    });
  });
});
