import { generateKeyPairSync, sign as signBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { standardWebhooks } from "../src/standard-webhooks.js";
import { svix } from "../src/svix.js";
import { createReceiver, mac, NOW, SECONDS, type Sent } from "./receiver.js";

const KEY = Buffer.alloc(24, "k");
const SECRET = `whsec_${KEY.toString("base64")}`;
const OLD_KEY = Buffer.alloc(24, "o");
const OLD_SECRET = `whsec_${OLD_KEY.toString("base64")}`;
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const PUBLIC_KEY = `whpk_${Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url").toString("base64")}`;
const BODY = JSON.stringify({ type: "contact.created", data: { id: "1" } });

const content = (seconds: string, id = "msg_1", body = BODY): string => `${id}.${seconds}.${body}`;
const v1 = (key = KEY, text = content(SECONDS)): string => `v1,${mac(key, text, "base64")}`;
const v1a = (text = content(SECONDS)): string => `v1a,${signBytes(null, Buffer.from(text), privateKey).toString("base64")}`;
const sent = (signature: string, { prefix = "webhook", seconds = SECONDS, id = "msg_1", body = BODY } = {}): Sent => ({
  headers: {
    "content-type": "application/json",
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: seconds,
    [`${prefix}-signature`]: signature,
  },
  body,
});

describe("standardWebhooks", () => {
  it("accepts v1, with everything signed", async () => {
    const event = await createReceiver(standardWebhooks({ secret: SECRET })).accept(sent(v1()));
    expect(event).toMatchObject({ id: "msg_1", type: "contact.created", timestamp: new Date(NOW) });
    expect(event.signed).toEqual({ id: true, type: true, timestamp: true, body: true, payload: true, url: false });
  });

  it("accepts v1a under a public key", async () => {
    const receiver = createReceiver(standardWebhooks({ publicKey: PUBLIC_KEY }));
    expect((await receiver.accept(sent(v1a()))).id).toBe("msg_1");
    expect((await receiver.send(sent(v1a(), { body: BODY.replace("1", "2") }))).code).toBe("SIGNATURE_MISMATCH");
  });

  it("accepts either where both are configured, in any order and among unknown versions", async () => {
    const receiver = () => createReceiver(standardWebhooks({ secret: SECRET, publicKey: PUBLIC_KEY }));
    for (const signature of [v1(), v1a(), `${v1a()} ${v1()}`, `v2,AAAA ${v1()}`, `v1,${mac("x", "x", "base64")} ${v1a()}`])
      expect((await receiver().send(sent(signature))).outcome).toBe("accepted");
  });

  it("does not take a signature of one version for one of the other", async () => {
    const receiver = createReceiver(standardWebhooks({ secret: SECRET, publicKey: PUBLIC_KEY }));
    expect((await receiver.send(sent(v1().replace("v1,", "v1a,")))).outcome).toBe("rejected");
    expect((await receiver.send(sent(v1a().replace("v1a,", "v1,")))).outcome).toBe("rejected");
  });

  it("refuses v1 where only a public key is configured, and v1a where only a secret is", async () => {
    expect((await createReceiver(standardWebhooks({ publicKey: PUBLIC_KEY })).send(sent(v1()))).status).toBe(401);
    expect((await createReceiver(standardWebhooks({ secret: SECRET })).send(sent(v1a()))).status).toBe(401);
  });

  it("takes the bytes of a secret whose text is no base64, and tells of a text that is none", async () => {
    const text = "polar_whs_secret";
    const receiver = createReceiver(standardWebhooks({ secret: new TextEncoder().encode(text) }));
    expect((await receiver.send(sent(v1(Buffer.from(text))))).outcome).toBe("accepted");
    for (const secret of [text, `v1,${SECRET}`, "whsec_abcdefghijklmnopqrstuvwxy1"])
      expect(() => standardWebhooks({ secret })).toThrow(/not base64 after whsec_/);
    const random = Buffer.from("abcdefghijklmnopqrstuvwxy1", "base64");
    const lenient = createReceiver(standardWebhooks({ secret: random }));
    expect((await lenient.send(sent(v1(random)))).outcome).toBe("accepted");
  });

  it("takes the secret with and without its whsec_", async () => {
    const receiver = createReceiver(standardWebhooks({ secret: KEY.toString("base64") }));
    expect((await receiver.send(sent(v1()))).outcome).toBe("accepted");
  });

  it("accepts the old and the new secret during a rotation, and a delivery signed with both once", async () => {
    const receiver = createReceiver(standardWebhooks({ secret: [SECRET, { id: "old", value: OLD_SECRET }] }));
    expect((await receiver.accept(sent(v1(OLD_KEY)))).keyId).toBe("old");
    expect(await receiver.send(sent(`${v1(OLD_KEY)} ${v1()}`))).toMatchObject({ outcome: "duplicate", kind: "exact" });
    expect(await receiver.send(sent(v1()))).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it("knows a retry, which is signed anew under the same id", async () => {
    const receiver = createReceiver(standardWebhooks({ secret: SECRET }));
    await receiver.accept(sent(v1()));
    const seconds = String(NOW / 1000 + 5);
    expect(await receiver.send(sent(v1(KEY, content(seconds)), { seconds }))).toMatchObject({ outcome: "duplicate", kind: "redelivery" });
  });

  it.each([
    ["too old", String(NOW / 1000 - 301), "TIMESTAMP_TOO_OLD"],
    ["in the future", String(NOW / 1000 + 301), "TIMESTAMP_IN_FUTURE"],
    ["written with more than digits", `${SECONDS}abc`, "TIMESTAMP_MALFORMED"],
  ])("refuses a timestamp that is %s, though it is signed", async (_, seconds, code) => {
    const receiver = createReceiver(standardWebhooks({ secret: SECRET }));
    expect((await receiver.send(sent(v1(KEY, content(seconds)), { seconds }))).code).toBe(code);
  });

  it("refuses an id whose end was moved into the timestamp", async () => {
    const id = `msg_1.${SECONDS}`;
    const moved = sent(v1(KEY, content(SECONDS, id)), { id: "msg_1", seconds: `${SECONDS}.${SECONDS}` });
    expect((await createReceiver(standardWebhooks({ secret: SECRET })).send(moved)).outcome).toBe("rejected");
  });

  const moved = JSON.stringify({ data: `1.${SECONDS}.x` });
  const [start, end] = moved.split(`.${SECONDS}.`);
  it.each([
    ["a part of the body was moved into", `msg_1.${SECONDS}.${start}`, end, content(SECONDS, "msg_1", moved)],
    ["holds a full stop", "msg.1", BODY, content(SECONDS, "msg.1")],
  ])("refuses an id that %s", async (_, id, body, signed) => {
    for (const [prefix, preset] of [["webhook", standardWebhooks] as const, ["svix", svix] as const])
      expect(await createReceiver(preset({ secret: SECRET })).send(sent(v1(KEY, signed), { prefix, id, body }))).toMatchObject({
        status: 400,
        code: "HEADER_MALFORMED",
      });
  });

  it("refuses more signatures than any honest sender sends", async () => {
    const many = Array.from({ length: 17 }, (_, at) => `v1,${mac(`key ${at}`, BODY, "base64")}`).join(" ");
    expect(await createReceiver(standardWebhooks({ secret: SECRET })).send(sent(many))).toMatchObject({
      status: 400,
      code: "HEADER_MALFORMED",
    });
  });

  it.each(["whsec_", "whsec_not base64", "whsec_AAAA", " "])("throws for the secret %j", (secret) => {
    expect(() => standardWebhooks({ secret })).toThrow(
      expect.objectContaining({ name: "ConfigurationError", option: expect.stringMatching(/^standard-webhooks\.secret/) }),
    );
  });

  it("throws where neither a secret nor a public key is given, and where one that is named is missing", () => {
    expect(() => standardWebhooks({} as never)).toThrow("standard-webhooks");
    expect(() => standardWebhooks({ secret: undefined, publicKey: PUBLIC_KEY })).toThrow("standard-webhooks.secret");
  });
});

describe("svix", () => {
  it.each(["svix", "webhook"])("accepts the headers that begin with %s", async (prefix) => {
    for (const signature of [v1(), v1a()]) {
      const receiver = createReceiver(svix({ secret: SECRET, publicKey: PUBLIC_KEY }));
      expect(await receiver.accept(sent(signature, { prefix }))).toMatchObject({ id: "msg_1", type: "contact.created" });
    }
  });

  it("knows an event again that comes under the other names", async () => {
    const receiver = createReceiver(svix({ secret: SECRET }));
    await receiver.accept(sent(v1(), { prefix: "svix" }));
    expect(await receiver.send(sent(v1(), { prefix: "webhook" }))).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it("does not put one delivery together from both names", async () => {
    const receiver = createReceiver(svix({ secret: SECRET }));
    const { headers = {}, body = "" } = sent(v1(), { prefix: "svix" });
    const { "svix-id": id = "", ...rest } = headers;
    expect((await receiver.send({ headers: { ...rest, "webhook-id": id }, body })).code).toBe("HEADER_MISSING");
  });

  it("reads the type from event_type where there is no type", async () => {
    const body = JSON.stringify({ event_type: "ping" });
    const event = await createReceiver(svix({ secret: SECRET })).accept(
      sent(v1(KEY, content(SECONDS, "msg_1", body)), { prefix: "svix", body }),
    );
    expect(event.type).toBe("ping");
  });
});
