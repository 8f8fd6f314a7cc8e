import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { deliver, mac, openAcme, TIME } from "./acme-verifier.js";
import { recordingStore } from "./claim/recording-store.js";
import type { Words } from "./provider/acme.js";

// what the imports resolve to where there is no node:crypto
vi.mock("#crypto", () => import("../src/signature/crypto-web.js"));
vi.mock("#timers", () => import("../src/claim/timers-web.js"));

const stamped = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 }, signedAnew: true };
const signed = (body: string) => ({ "x-ts": TIME, "x-sig": mac(`${TIME}.${body}`) });

describe("on WebCrypto", () => {
  const ROWS: readonly (readonly [string, Words, string | undefined])[] = [
    ["a signed id", { ...stamped, id: "json:id" }, undefined],
    ["a signed id and an unsigned type", { ...stamped, id: "json:id", type: "header:x-type" }, "mark"],
    ["a unique body", { ...stamped, unique: "body" }, undefined],
    ["an unsigned id", { ...stamped, id: "header:x-id", unique: "stamped" }, "mark"],
  ];
  it.each(ROWS)("%s is claimed as on Node, and a duplicate is met", async (_, words, mark) => {
    const store = recordingStore();
    const { verifier } = openAcme(words, { store });
    const body = '{"id":"1"}';
    const delivery = () => deliver({ text: body, headers: { ...signed(body), "x-type": "t", "x-id": "1" } });
    const verdict = await verifier.receive(delivery());
    if (verdict.outcome !== "accepted") throw new Error(verdict.outcome);
    await verdict.claim.commit();
    expect(await verifier.receive(delivery())).toMatchObject({ outcome: "duplicate", kind: "exact" });
    expect(store.claims[0]?.mark === undefined).toBe(mark === undefined);
    expect(store.claims[0]?.key).toMatch(/^[\w-]{43}$/);
  });

  it("refuses what was changed, by any of its schemes", async () => {
    const { verify } = openAcme(stamped);
    expect(await verify(signed("x"), "x")).toBeTypeOf("object");
    expect(await verify(signed("x"), "y")).toBe("SIGNATURE_MISMATCH");
    expect(await openAcme({ algorithm: "sha256", content: "{secret}{body}" }).verify({ "x-sig": "00".repeat(32) }, "x")).toBe(
      "SIGNATURE_MISMATCH",
    );
    const sorted = { content: { sorted: ["{header:x-a}", "{body}"] } };
    expect(await openAcme(sorted).verify({ "x-sig": mac("ab"), "x-a": "b" }, "a")).toBeTypeOf("object");
    const token = { algorithm: "token", signature: undefined, content: undefined, token: { from: "header:x" } };
    expect(await openAcme(token).verify({ x: "s3cret" }, "")).toBeTypeOf("object");
    const hashed = { content: "{body|sha256-hex}" };
    expect(
      await openAcme(hashed).verify({ "x-sig": mac("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881") }, "x"),
    ).toBeTypeOf("object");
  });

  it("verifies Ed25519, and says 500 of a key that is for something else", async () => {
    const ed = generateKeyPairSync("ed25519");
    const pem = ed.publicKey.export({ format: "pem", type: "spki" }).toString();
    const words = { algorithm: "ed25519", secret: undefined, publicKey: "pem" };
    const headers = { "x-sig": sign(null, Buffer.from("x"), ed.privateKey).toString("hex") };
    expect(await openAcme(words, {}, { publicKey: pem }).verify(headers, "x")).toBeTypeOf("object");
    expect(await openAcme({ ...words, algorithm: "rsa-sha256" }, {}, { publicKey: pem }).verify(headers, "x")).toBe("MISCONFIGURED");
  });

  it("signs the answer to a handshake", async () => {
    const handshake = [{ when: { "json:hello": true }, reply: { text: "{json:hello|hmac-hex}" } }];
    const { verifier } = openAcme({ handshake });
    expect((await verifier.receive(deliver({ text: '{"hello":"x"}' }))).reply.body).toBe(mac("x"));
  });
});
