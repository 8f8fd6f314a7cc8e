import { describe, expect, it } from "vitest";
import { type GenericHmacOptions, genericHmac } from "../src/generic-hmac.js";
import { createReceiver, mac, NOW, SECONDS, type Sent } from "./receiver.js";

const SECRET = "a-shared-secret";
const BODY = JSON.stringify({ order: 7 });
const receiverOf = (options: Partial<GenericHmacOptions> = {}) =>
  createReceiver(genericHmac({ secret: SECRET, header: "x-signature", ...options }));
const sent = (headers: Readonly<Record<string, string>>, body = BODY): Sent => ({
  headers: { "content-type": "application/json", ...headers },
  body,
});

describe("genericHmac", () => {
  it("accepts the hex HMAC-SHA256 of the body unless told otherwise", async () => {
    const event = await receiverOf().accept(sent({ "x-signature": mac(SECRET, BODY) }));
    expect(event).toMatchObject({ provider: "generic-hmac", type: "", id: undefined, payload: { order: 7 } });
    expect(event.signed).toEqual({ id: false, type: false, timestamp: false, body: true, payload: true, url: false });
    expect((await receiverOf().send(sent({ "x-signature": mac(SECRET, BODY) }, `${BODY} `))).code).toBe("SIGNATURE_MISMATCH");
  });

  it.each(["sha1", "sha256", "sha384", "sha512"] as const)("computes %s", async (hash) => {
    for (const encoding of ["hex", "base64", "base64url"] as const)
      expect((await receiverOf({ hash, encoding }).send(sent({ "x-signature": mac(SECRET, BODY, encoding, hash) }))).outcome).toBe(
        "accepted",
      );
  });

  it("takes no hash but the one configured", async () => {
    expect((await receiverOf().send(sent({ "x-signature": mac(SECRET, BODY, "hex", "sha1") }))).outcome).toBe("rejected");
  });

  it("demands the prefix", async () => {
    const receiver = receiverOf({ prefix: "sha256=" });
    expect((await receiver.send(sent({ "x-signature": `sha256=${mac(SECRET, BODY)}` }))).outcome).toBe("accepted");
    expect((await receiver.send(sent({ "x-signature": mac(SECRET, BODY) }))).outcome).toBe("rejected");
  });

  it("reads the header whatever its case in the options", async () => {
    expect((await receiverOf({ header: "X-Signature" }).send(sent({ "x-signature": mac(SECRET, BODY) }))).outcome).toBe("accepted");
  });

  it.each(["hex", "base64", "base64url"] as const)("decodes a secret that is written in %s", async (secretEncoding) => {
    const key = Buffer.from("fe00ff10fe00ff10fe00ff10", "hex");
    const receiver = receiverOf({ secret: key.toString(secretEncoding), secretEncoding });
    expect((await receiver.send(sent({ "x-signature": mac(key, BODY) }))).outcome).toBe("accepted");
  });

  it("judges a timestamp, which it signs before the body unless told otherwise", async () => {
    const receiver = receiverOf({ timestampHeader: "x-time" });
    const at = (seconds: string) => sent({ "x-time": seconds, "x-signature": mac(SECRET, `${seconds}.${BODY}`) });
    expect((await receiver.accept(at(SECONDS))).timestamp).toEqual(new Date(NOW));
    expect((await receiver.send(at(String(NOW / 1000 - 301)))).code).toBe("TIMESTAMP_TOO_OLD");
    expect((await receiver.send(at(String(NOW / 1000 + 301)))).code).toBe("TIMESTAMP_IN_FUTURE");
    expect((await receiver.send(sent({ "x-signature": mac(SECRET, BODY) }))).code).toBe("HEADER_MISSING");
  });

  it.each([
    ["ms", String(NOW)],
    ["iso", new Date(NOW).toISOString()],
  ] as const)("reads a timestamp in %s", async (timestampUnit, text) => {
    const receiver = receiverOf({ timestampHeader: "x-time", timestampUnit, tolerance: { past: 10, future: 1 } });
    expect((await receiver.accept(sent({ "x-time": text, "x-signature": mac(SECRET, `${text}.${BODY}`) }))).timestamp).toEqual(
      new Date(NOW),
    );
  });

  it("deduplicates by a signed id", async () => {
    const receiver = receiverOf({ idHeader: "x-id", typeHeader: "x-type", timestampHeader: "x-time", content: "{id}:{timestamp}:{body}" });
    const at = (seconds: string) =>
      sent({ "x-id": "7", "x-type": "paid", "x-time": seconds, "x-signature": mac(SECRET, `7:${seconds}:${BODY}`) });
    expect(await receiver.accept(at(SECONDS))).toMatchObject({ id: "7", type: "paid", signed: { id: true, type: false } });
    expect(await receiver.send(at(String(NOW / 1000 + 9)))).toMatchObject({ outcome: "duplicate", kind: "redelivery" });
  });

  it("flags the same body under another id where nothing of it is unique, and refuses it where its stamp is", async () => {
    const flagging = receiverOf({ idHeader: "x-id" });
    const under = (id: string) => sent({ "x-id": id, "x-signature": mac(SECRET, BODY) });
    await flagging.accept(under("1"));
    expect(await flagging.send(under("2"))).toMatchObject({ outcome: "accepted", kind: "done" });
    const refusing = receiverOf({ idHeader: "x-id", timestampHeader: "x-time", unique: "stamped", signedAnew: true });
    const stamped = (id: string) => sent({ "x-id": id, "x-time": SECONDS, "x-signature": mac(SECRET, `${SECONDS}.${BODY}`) });
    await refusing.accept(stamped("1"));
    expect(await refusing.send(stamped("2"))).toMatchObject({ outcome: "duplicate", kind: "replayed", status: 503 });
  });

  it("deduplicates by the body where that is unique", async () => {
    const receiver = receiverOf({ unique: "body" });
    await receiver.accept(sent({ "x-signature": mac(SECRET, BODY) }));
    expect(await receiver.send(sent({ "x-signature": mac(SECRET, BODY) }))).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it.each([
    ["secret", { secret: undefined }],
    ["secret", { secret: " " }],
    ["secret", { secret: "xyz", secretEncoding: "hex" }],
    ["header", { header: undefined }],
    ["header", { header: "x signature" }],
    ["header", { header: 7 }],
    ["hash", { hash: "md5" }],
    ["encoding", { encoding: "base32" }],
    ["secretEncoding", { secretEncoding: "latin1" }],
    ["content", { content: "{timestamp}", timestampHeader: "x-time" }],
    ["content", { content: "{nonsense}{body}" }],
    ["content", { content: 5 }],
    ["content", { content: "{body}", timestampHeader: "x-time" }],
    ["content", { content: "{timestamp}.{body}" }],
    ["content", { content: "{id}.{body}" }],
    ["timestampHeader", { timestampHeader: "" }],
    ["timestampUnit", { timestampHeader: "x-time", timestampUnit: "minutes" }],
    ["timestampUnit", { timestampUnit: "ms" }],
    ["tolerance", { tolerance: 60 }],
    ["tolerance", { timestampHeader: "x-time", tolerance: -1 }],
    ["tolerance", { timestampHeader: "x-time", tolerance: Number.NaN }],
    ["idHeader", { idHeader: "a:b" }],
    ["typeHeader", { typeHeader: "" }],
    ["unique", { unique: "always" }],
    ["signedAnew", { signedAnew: "yes" }],
    ["secrets", { secrets: "one" }],
  ])("throws a ConfigurationError for a bad %s: %j", (_, options) => {
    const given = { secret: SECRET, header: "x-signature", ...options } as unknown as GenericHmacOptions;
    expect(() => genericHmac(given)).toThrow(expect.objectContaining({ name: "ConfigurationError" }));
    expect(() => genericHmac(given)).not.toThrow(SECRET);
  });

  it.each([
    ["{timestamp}.{body}", "{timestamp} needs the header that it comes in: timestampHeader"],
    ["{id|lower}.{body}", "{id} needs the header that it comes in: idHeader"],
    ["{url}{body}", "a provider that signs it is declared with defineProvider"],
  ])("says of the content %j what it lacks", (content, message) => {
    expect(() => genericHmac({ secret: SECRET, header: "x-signature", content })).toThrow(
      expect.objectContaining({ option: "generic-hmac.content", message: expect.stringContaining(message) }),
    );
  });

  it.each([undefined, null, "secret"])("throws a ConfigurationError for %j in place of options", (options) => {
    expect(() => genericHmac(options as unknown as GenericHmacOptions)).toThrow(expect.objectContaining({ option: "generic-hmac" }));
  });
});
