import { describe, expect, it } from "vitest";
import { type GenericSharedTokenOptions, genericSharedToken } from "../src/generic-shared-token.js";
import { createReceiver, type Sent } from "./receiver.js";

const SECRET = "a-shared-token";
const receiverOf = (options: Partial<GenericSharedTokenOptions> = {}) => createReceiver(genericSharedToken({ secret: SECRET, ...options }));
const sent = (headers: Readonly<Record<string, string>>, url = "/webhooks"): Sent => ({
  url,
  headers: { "content-type": "application/json", ...headers },
  body: '{"order":7}',
});
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("genericSharedToken", () => {
  it("accepts the bare token in authorization, and says that it signs nothing", async () => {
    const event = await receiverOf().accept(sent({ authorization: SECRET }));
    expect(event).toMatchObject({ provider: "generic-shared-token", payload: { order: 7 } });
    expect(event.signed).toEqual({ id: false, type: false, timestamp: false, body: false, payload: false, url: false });
  });

  it.each([
    ["a bearer token", { scheme: "bearer" }, { authorization: `Bearer ${SECRET}` }],
    ["basic authentication", { scheme: "basic", secret: "user:pass:word" }, { authorization: basic("user:pass:word") }],
    ["a header of its own", { header: "X-Token" }, { "x-token": SECRET }],
  ] as const)("accepts %s", async (_, options, headers) => {
    expect((await receiverOf(options).send(sent(headers))).outcome).toBe("accepted");
  });

  it("accepts a token in the URL", async () => {
    const receiver = receiverOf({ query: "token" });
    expect((await receiver.send(sent({}, `/webhooks?token=${SECRET}`))).outcome).toBe("accepted");
    expect((await receiver.send(sent({}, `/webhooks?token=${SECRET}&token=x`))).outcome).toBe("rejected");
    expect((await receiver.send(sent({ authorization: SECRET }))).code).toBe("HEADER_MISSING");
  });

  it.each([
    ["no token", {}, {}],
    ["another token", {}, { authorization: "another-token1" }],
    ["the beginning of the token", {}, { authorization: SECRET.slice(0, -1) }],
    ["more than the token", {}, { authorization: `${SECRET}x` }],
    ["a bare token where a bearer is expected", { scheme: "bearer" }, { authorization: SECRET }],
    ["a bearer where basic authentication is expected", { scheme: "basic", secret: "u:p" }, { authorization: "Bearer u:p" }],
    ["another password", { scheme: "basic", secret: "u:p" }, { authorization: basic("u:q") }],
  ] as const)("refuses %s", async (_, options, headers) => {
    expect(await receiverOf(options).send(sent(headers))).toMatchObject({ outcome: "rejected", status: 401 });
  });

  it("knows a retry by its id and body, and flags the same body under another id", async () => {
    const receiver = receiverOf({ idHeader: "x-id", typeHeader: "x-type" });
    const under = (id: string) => sent({ authorization: SECRET, "x-id": id, "x-type": "paid" });
    expect(await receiver.accept(under("1"))).toMatchObject({ id: "1", type: "paid" });
    expect(await receiver.send(under("1"))).toMatchObject({ outcome: "duplicate", kind: "exact" });
    expect(await receiver.send(under("2"))).toMatchObject({ outcome: "accepted", kind: "done" });
  });

  it("accepts any of several tokens", async () => {
    const receiver = receiverOf({ secret: ["new-token", { id: "old", value: SECRET }] });
    expect((await receiver.accept(sent({ authorization: SECRET }))).keyId).toBe("old");
  });

  it.each([
    ["secret", { secret: undefined }],
    ["secret", { secret: "null" }],
    ["header", { header: "" }],
    ["header", { header: "a b" }],
    ["query", { query: "" }],
    ["query", { query: "token", header: "x-token" }],
    ["scheme", { scheme: "digest" }],
    ["secret", { scheme: "basic", secret: "no-pair" }],
    ["secret", { scheme: "basic", secret: ["user:password", { id: "old", value: "no-pair" }] }],
    ["secret", { scheme: "basic", secret: undefined }],
    ["secret", { scheme: "basic", secret: [null] }],
    ["idHeader", { idHeader: "a b" }],
    ["typeHeader", { typeHeader: 7 }],
    ["token", { token: "x" }],
  ])("throws a ConfigurationError for a bad %s: %j", (option, options) => {
    const given = { secret: SECRET, ...options } as unknown as GenericSharedTokenOptions;
    expect(() => genericSharedToken(given)).toThrow(
      expect.objectContaining({ name: "ConfigurationError", option: expect.stringContaining(`generic-shared-token.${option}`) }),
    );
  });

  it.each([undefined, null, "secret"])("throws a ConfigurationError for %j in place of options", (options) => {
    expect(() => genericSharedToken(options as unknown as GenericSharedTokenOptions)).toThrow(
      expect.objectContaining({ option: "generic-shared-token" }),
    );
  });
});
