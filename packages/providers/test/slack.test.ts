import { describe, expect, it } from "vitest";
import { slack } from "../src/slack.js";
import { createReceiver, mac, NOW, SECONDS, type Sent } from "./receiver.js";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const EVENT = JSON.stringify({ type: "event_callback", event_id: "Ev1", event: { type: "app_mention", text: "hi" } });
const CHALLENGE = JSON.stringify({
  type: "url_verification",
  token: "t",
  challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
});

const create = () => createReceiver(slack({ secret: SECRET }));
const sign = (body: string, type = JSON_TYPE, seconds = SECONDS): Sent => ({
  headers: {
    "content-type": type,
    "x-slack-request-timestamp": seconds,
    "x-slack-signature": `v0=${mac(SECRET, `v0:${seconds}:${body}`)}`,
  },
  body,
});
const form = (fields: Readonly<Record<string, string>>, type = FORM_TYPE): Sent => sign(new URLSearchParams(fields).toString(), type);
const retyped = (sent: Sent, type: string): Sent => ({ ...sent, headers: { ...sent.headers, "content-type": type } });

describe("slack", () => {
  it("accepts an event of the Events API, by the type inside it", async () => {
    const event = await create().accept(sign(EVENT));
    expect(event).toMatchObject({ id: "Ev1", type: "app_mention", timestamp: new Date(NOW) });
    expect(event.signed).toMatchObject({ id: true, timestamp: true, body: true, payload: true });
  });

  it("accepts an interaction, which is JSON in a form", async () => {
    const event = await create().accept(form({ payload: JSON.stringify({ type: "block_actions", trigger_id: "1.2" }) }));
    expect(event).toMatchObject({ id: "1.2", type: "block_actions", payload: { trigger_id: "1.2" } });
  });

  it("accepts a slash command, which is a form", async () => {
    const event = await create().accept(form({ command: "/deploy", text: "a b", trigger_id: "1.2" }));
    expect(event).toMatchObject({ id: "1.2", type: "/deploy", payload: { command: "/deploy", text: "a b" } });
  });

  it("answers the challenge as text, once its signature is good", async () => {
    expect(await create().send(sign(CHALLENGE))).toMatchObject({
      outcome: "handshake",
      status: 200,
      contentType: "text/plain; charset=utf-8",
      body: JSON.parse(CHALLENGE).challenge,
    });
  });

  it("does not answer a challenge that nobody signed", async () => {
    const receiver = create();
    expect((await receiver.send({ headers: { "content-type": JSON_TYPE }, body: CHALLENGE })).code).toBe("HEADER_MISSING");
    const forged = { ...sign(CHALLENGE), body: CHALLENGE.replace("3eZ", "4eZ") };
    expect(await receiver.send(forged)).toMatchObject({
      status: 401,
      code: "SIGNATURE_MISMATCH",
      body: expect.not.stringContaining("4eZ"),
    });
  });

  it("does not take a command or an event for a challenge that its text names", async () => {
    const text = "type=url_verification&challenge=x";
    expect((await create().send(form({ command: "/echo", text, challenge: "x", trigger_id: "1" }))).outcome).toBe("accepted");
    const nested = JSON.stringify({ type: "event_callback", event_id: "Ev2", event: { type: "url_verification", challenge: "x" } });
    expect((await create().send(sign(nested))).outcome).toBe("accepted");
  });

  const unsigned = (body: string, type = FORM_TYPE): Sent => ({ headers: { "content-type": type }, body });
  it("answers a certificate check with an empty 200, which Slack does not sign", async () => {
    const shaken = { outcome: "handshake", status: 200, body: null };
    expect(await create().send(unsigned("ssl_check=1&token=t"))).toMatchObject(shaken);
    expect(await create().send(form({ ssl_check: "1", token: "t" }))).toMatchObject(shaken);
  });

  it("answers a certificate check that comes as a GET, and no other GET", async () => {
    const get = (url: string) => create().send({ method: "GET", url });
    expect(await get("/webhooks?ssl_check=1&token=t")).toMatchObject({ outcome: "handshake", status: 200, body: null });
    expect(await get("/webhooks?ssl_check=0")).toMatchObject({ status: 401, code: "HANDSHAKE_REFUSED" });
    expect(await get("/webhooks?command=%2Fdeploy")).toMatchObject({ status: 401, code: "HANDSHAKE_REFUSED" });
    expect(await create().send({ url: "/webhooks?ssl_check=1" })).toMatchObject({ status: 401, code: "HEADER_MISSING" });
  });

  // https://github.com/slackapi/bolt-js/issues/2897
  it.each(['ssl_check=1&payload={"type":"block_actions"}', "ssl_check=1&command=%2Fdeploy&trigger_id=1"])(
    "lets nothing that is smuggled beside a certificate check reach a handler: %s",
    async (body) => {
      expect(await create().send(unsigned(body))).toMatchObject({ outcome: "handshake", body: null, event: undefined });
    },
  );

  it.each(["ssl_check=0", "ssl_check=true", "ssl_check=", "ssl_check=11", "command=%2Fdeploy&text=ssl_check%3D1"])(
    "does not take %j for a certificate check",
    async (body) => {
      expect(await create().send(unsigned(body))).toMatchObject({ status: 401, code: "HEADER_MISSING" });
    },
  );

  it("refuses a certificate check that carries a wrong signature", async () => {
    const sent = form({ ssl_check: "1", token: "t" });
    expect((await create().send({ ...sent, body: `${sent.body}&text=x` })).code).toBe("SIGNATURE_MISMATCH");
  });

  it("does not look for a certificate check in what is signed before its signature is good", async () => {
    const deep = `{"type":"event_callback","event_id":"Ev3","event":{"type":"message","x":${"[".repeat(90)}${"]".repeat(90)}}}`;
    expect((await create().send(sign(deep))).outcome).toBe("accepted");
  });

  it.each([JSON_TYPE, FORM_TYPE, "text/plain", "application/octet-stream"])(
    "knows a captured event again under the content type %s, which nobody signs",
    async (type) => {
      const receiver = create();
      await receiver.accept(sign(EVENT));
      const seen = await receiver.send(retyped(sign(EVENT), type));
      expect(seen).toMatchObject({ outcome: "duplicate", kind: "exact" });
    },
  );

  it.each([FORM_TYPE, "text/plain", ""])("knows a captured command again under the content type %j", async (type) => {
    const receiver = create();
    const command = form({ command: "/deploy", trigger_id: "1.2" });
    await receiver.accept(command);
    expect(await receiver.send(retyped(command, type))).toMatchObject({ outcome: "duplicate" });
  });

  it("does not run a captured command that claims to be JSON", async () => {
    const receiver = create();
    const command = form({ command: "/deploy", trigger_id: "1.2" });
    await receiver.accept(command);
    expect((await receiver.send(retyped(command, JSON_TYPE))).outcome).not.toBe("accepted");
  });

  it("knows a retry that is signed anew", async () => {
    const receiver = create();
    await receiver.accept(sign(EVENT));
    receiver.advance(60);
    const retry = sign(EVENT, JSON_TYPE, String(NOW / 1000 + 60));
    const numbered = { ...retry, headers: { ...retry.headers, "x-slack-retry-num": "2" } };
    expect(await receiver.send(numbered)).toMatchObject({ outcome: "duplicate", kind: "redelivery", status: 200 });
  });

  it("runs equal suggestions again, which hold no id, and a captured one not", async () => {
    const receiver = create();
    const body = new URLSearchParams({ payload: JSON.stringify({ type: "block_suggestion", action_id: "a", value: "x" }) }).toString();
    const first = await receiver.accept(sign(body, FORM_TYPE));
    expect([first.id, first.type]).toEqual([undefined, "block_suggestion"]);
    receiver.advance(2);
    expect(await receiver.send(sign(body, FORM_TYPE, String(NOW / 1000 + 2)))).toMatchObject({ outcome: "accepted", kind: "false" });
    for (const type of [FORM_TYPE, "text/plain", ""])
      expect(await receiver.send(sign(body, type))).toMatchObject({ outcome: "duplicate", kind: "exact" });
  });

  it("knows a command by its trigger, and an event without an id by its body", async () => {
    const receiver = create();
    const later = String(NOW / 1000 + 2);
    const command = form({ command: "/deploy", trigger_id: "1.2" });
    const limited = JSON.stringify({ type: "app_rate_limited", minute_rate_limited: 1 });
    await receiver.accept(command);
    await receiver.accept(sign(limited));
    expect(await receiver.send(sign(command.body ?? "", FORM_TYPE, later))).toMatchObject({ outcome: "duplicate", kind: "redelivery" });
    expect(await receiver.send(sign(limited, FORM_TYPE, later))).toMatchObject({ outcome: "duplicate", kind: "redelivery" });
  });

  it.each([
    ["six minutes old", -360, "TIMESTAMP_TOO_OLD"],
    ["six minutes ahead", 360, "TIMESTAMP_IN_FUTURE"],
  ])("refuses what is %s", async (_, by, code) => {
    expect((await create().send(sign(EVENT, JSON_TYPE, String(NOW / 1000 + by)))).code).toBe(code);
  });

  it("refuses a field that comes twice where one decides", async () => {
    const seen = await create().send(sign("command=%2Fa&command=%2Fb&trigger_id=1", FORM_TYPE));
    expect(seen.outcome).toBe("rejected");
  });
});
