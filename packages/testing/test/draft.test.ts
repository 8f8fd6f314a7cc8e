import { createVerifier, defineProvider } from "@countersign/core";
import { github } from "@countersign/providers/github";
import { slack } from "@countersign/providers/slack";
import { stripe } from "@countersign/providers/stripe";
import { twilio } from "@countersign/providers/twilio";
import { describe, expect, it } from "vitest";
import { signDelivery } from "../src/index.js";
import { verified } from "./verified.js";

const secret = "a secret of the tests, long enough";
const publicUrl = "https://example.com/hooks/twilio";

describe("Draft", () => {
  it("leaves exact bytes as they are", async () => {
    const payload = new TextEncoder().encode('{ "id" : "evt_1" }\n');
    const { delivery } = await verified(stripe({ secret }), { payload });
    expect(delivery.body).toEqual(payload);
    await expect(signDelivery(stripe({ secret }), { payload, id: "evt_2" })).rejects.toThrow(/json:id cannot be written/);
    const headers = { "content-type": "application/json" };
    expect((await signDelivery(stripe({ secret }), { payload: '{"id":', headers })).body).toEqual(new TextEncoder().encode('{"id":'));
  });

  it("writes a GET that fetch can send: no body, no content type, the payload in the query", async () => {
    const provider = twilio({ secret, publicUrl });
    const payload = { MessageStatus: "queued", Digits: ["1", "2"] };
    const delivery = await signDelivery(provider, { method: "GET", payload, type: "sent", url: `${publicUrl}?a=%7e` });
    expect(Object.keys(delivery)).toEqual(["method", "url", "headers"]);
    expect(Object.keys(delivery.headers)).toEqual(["x-twilio-signature"]);
    expect(delivery.url).toBe(`${publicUrl}?a=%7e&Digits=1&Digits=2&MessageStatus=sent`);
    expect(new Request(delivery.url, delivery).method).toBe("GET");
    const event = await createVerifier({ provider, observe: false }).verify({ ...delivery, body: "" });
    expect([event.type, event.payload]).toEqual(["sent", { ...payload, a: "~", MessageStatus: "sent" }]);
    const bytes = signDelivery(provider, { method: "GET", payload: "CallSid=CA1" });
    await expect(bytes).rejects.toThrow("a GET or HEAD has no body; give the payload as an object");
    await expect(signDelivery(provider, { method: "GET", payload: "" })).resolves.toMatchObject({ url: publicUrl });
  });

  it("replaces a parameter that it signs, and keeps the rest of the query as it is written", async () => {
    const provider = twilio({ secret, publicUrl });
    const headers = { "content-type": "application/json" };
    const at = async (url: string) => (await verified(provider, { payload: { a: 1 }, url, headers })).delivery.url;
    expect(await at("/hooks/twilio?bodySHA256=old&a=%7e")).toMatch(/^\/hooks\/twilio\?a=%7e&bodySHA256=[0-9a-f]{64}$/);
    expect(await at("/hooks/twilio?bodySHA256=old")).toMatch(/^\/hooks\/twilio\?bodySHA256=[0-9a-f]{64}$/);
  });

  it("writes a payload as JSON.stringify would", async () => {
    class Money {
      toJSON() {
        return "1.00 EUR";
      }
    }
    const payload = { id: "evt_1", at: new Date(0), url: new URL("https://a.example/"), price: new Money(), nothing: undefined };
    const { delivery } = await verified(stripe({ secret }), { payload });
    expect(new TextDecoder().decode(delivery.body)).toBe(JSON.stringify(payload));
    const form = await verified(twilio({ secret, publicUrl }), { payload: { At: new Date(0), Data: { a: 1 }, Gone: undefined } });
    expect(form.event.payload).toEqual({ At: "1970-01-01T00:00:00.000Z", Data: '{"a":1}' });
    const { body } = await signDelivery(github({ secret }), { payload: () => {} });
    expect(body).toHaveLength(0);
  });

  const FORM = { "content-type": "application/x-www-form-urlencoded" };
  it("writes a form's fields, and JSON in a form's field, where a provider sends both", async () => {
    const command = await verified(slack({ secret }), { payload: { text: "a b", team: ["1", "2"] }, type: "/deploy", headers: FORM });
    expect(command.event).toMatchObject({ type: "/deploy", payload: { command: "/deploy", text: "a b", team: ["1", "2"] } });
    const blocks = { type: "block_actions", actions: [{ value: "x" }] };
    const interaction = await verified(slack({ secret }), { payload: blocks, id: "1.2", headers: FORM });
    expect(interaction.event).toMatchObject({ id: "1.2", type: "block_actions", payload: { ...blocks, trigger_id: "1.2" } });
    const flat = await verified(slack({ secret }), { payload: { type: "view_closed" }, headers: FORM });
    expect(flat.event).toMatchObject({ type: "view_closed", payload: { type: "view_closed" } });
    const { event } = await verified(github({ secret }), { payload: { ref: "x" }, headers: FORM });
    expect([event.payload, new TextDecoder().decode(event.rawBody)]).toEqual([{ ref: "x" }, "payload=%7B%22ref%22%3A%22x%22%7D"]);
    await expect(verified(slack({ secret }), { headers: FORM })).resolves.toMatchObject({ event: { type: "" } });
  });

  it("writes a time into JSON as a number, unless a text stands there or the declaration has a text", async () => {
    const acme = (unit: "s" | "ms" | "iso") =>
      defineProvider({
        name: "acme",
        algorithm: "hmac-sha256",
        secret: "utf8",
        signature: { from: "header:x-signature", encoding: "hex" },
        content: "{body}",
        timestamp: { from: "json:at", unit, tolerance: 60 },
      })({ secret });
    const at = async (unit: "s" | "ms" | "iso", payload: object) => {
      const options = { payload, timestamp: 1_767_225_600_000 };
      const { body } = await signDelivery(acme(unit), options);
      return (JSON.parse(new TextDecoder().decode(body)) as { at: unknown }).at;
    };
    expect([await at("s", {}), await at("ms", { at: 1 }), await at("ms", { at: "1" }), await at("iso", { at: 1 })]).toEqual([
      1_767_225_600,
      1_767_225_600_000,
      "1767225600000",
      "2026-01-01T00:00:00.000Z",
    ]);
  });

  it.each<[string, unknown]>([
    ["a list of events", [{ type: "a" }, { type: "b" }]],
    ["a text where an object belongs", { meta: "x" }],
    ["an object where a list belongs", { items: { type: "a" } }],
    ["a list of two where one is read", { items: [{}, {}] }],
  ])("does not drop a type that has no place in the payload: %s", async (what, payload) => {
    const path = what.includes("list be") || what.includes("two") ? "json:items.*.type" : "json:meta.type";
    const acme = defineProvider({
      name: "acme",
      algorithm: "hmac-sha256",
      secret: "utf8",
      signature: { from: "header:x-signature", encoding: "hex" },
      content: "{body}",
      type: path,
    })({ secret });
    await expect(signDelivery(acme, { payload, type: "paid" })).rejects.toThrow(`${path} cannot be written into this payload`);
    const made = await verified(acme, { payload: path.includes("*") ? { items: [{}] } : { meta: null }, type: "paid" });
    expect(made.event.type).toBe("paid");
  });

  it("writes no type behind the one that is read", async () => {
    const acme = defineProvider({
      name: "acme",
      algorithm: "hmac-sha256",
      secret: "utf8",
      signature: { from: "header:x-signature", encoding: "hex" },
      content: "{body}",
      type: { either: ["json:type", "header:x-type"] },
    })({ secret });
    expect((await verified(acme, { payload: "{}", type: "a" })).event.type).toBe("a");
    await expect(signDelivery(acme, { payload: '{"type":"b"}', type: "a" })).rejects.toThrow("json:type cannot be written into a body");
  });

  it("does not change the payload that it was given", async () => {
    const payload = { data: { nonce: "n" } };
    await signDelivery(stripe({ secret }), { payload, id: "evt_1" });
    expect(payload).toEqual({ data: { nonce: "n" } });
  });
});
