import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { twilio } from "../src/twilio.js";
import { createReceiver, mac, type Sent } from "./receiver.js";

const SECRET = "12345";
const FORM_TYPE = "application/x-www-form-urlencoded";
const ORIGIN = "https://example.com";
const URL_IN_CONSOLE = `${ORIGIN}/webhooks/twilio` as const;

const create = (publicUrl: `https://${string}` = URL_IN_CONSOLE) => createReceiver(twilio({ secret: SECRET, publicUrl }));
const sha1 = (content: string): string => mac(SECRET, content, "base64", "sha1");
const form = (url: string, body: string, signed: string, token?: string): Sent => ({
  url,
  headers: {
    "content-type": FORM_TYPE,
    "x-twilio-signature": sha1(signed),
    ...(token !== undefined && { "i-twilio-idempotency-token": token }),
  },
  body,
});
const JSON_BODY = JSON.stringify({ specversion: "1.0", id: "EZ1" });
const hash = (body: string): string => createHash("sha256").update(body).digest("hex");
const json = (query: string, body = JSON_BODY): Sent => ({
  url: `/webhooks/twilio${query}`,
  headers: { "content-type": "application/json", "x-twilio-signature": sha1(URL_IN_CONSOLE + query) },
  body,
});

describe("twilio", () => {
  it("accepts a form, whose parameters are signed in their order by name", async () => {
    const event = await create().accept(
      form(
        "/webhooks/twilio",
        "MessageStatus=sent&From=%2B1+2&Body=h%C3%A9&a=1&B=2",
        `${URL_IN_CONSOLE}B2BodyhéFrom+1 2MessageStatussenta1`,
      ),
    );
    expect(event).toMatchObject({ type: "sent", payload: { From: "+1 2", Body: "hé" } });
    expect(event.signed).toEqual({ id: false, type: true, timestamp: false, body: false, payload: true, url: true });
  });

  it("signs each distinct value of a parameter that repeats, in order", async () => {
    const sent = form("/webhooks/twilio", "M=b&M=a&M=b", `${URL_IN_CONSOLE}MaMb`);
    expect((await create().accept(sent)).payload).toEqual({ M: ["b", "a", "b"] });
  });

  it("signs the received query, as it came", async () => {
    const query = "?b=2&a=%7e&a=1";
    expect((await create().send(form(`/webhooks/twilio${query}`, "A=1", `${URL_IN_CONSOLE}${query}A1`))).outcome).toBe("accepted");
    expect((await create().send(form("/webhooks/twilio?b=3", "A=1", `${URL_IN_CONSOLE}${query}A1`))).code).toBe("SIGNATURE_MISMATCH");
  });

  it("takes the path from publicUrl where it names one, whatever a proxy has stripped", async () => {
    expect((await create().send(form("/twilio", "A=1", `${URL_IN_CONSOLE}A1`))).outcome).toBe("accepted");
  });

  it.each([ORIGIN, `${ORIGIN}/`] as const)("takes the path from the request where publicUrl is %s", async (publicUrl) => {
    expect((await create(publicUrl).send(form("/in/sms", "A=1", `${ORIGIN}/in/smsA1`))).outcome).toBe("accepted");
    expect((await create(publicUrl).send(form("/in/voice", "A=1", `${ORIGIN}/in/smsA1`))).code).toBe("SIGNATURE_MISMATCH");
  });

  it.each([
    ["with the standard port", `${ORIGIN}:443/webhooks/twilio`, URL_IN_CONSOLE],
    ["without the port that is configured", URL_IN_CONSOLE, `${ORIGIN}:8443/webhooks/twilio`],
    ["with the port that is configured", `${ORIGIN}:8443/webhooks/twilio`, `${ORIGIN}:8443/webhooks/twilio`],
  ] as const)("accepts a URL signed %s", async (_, signed, configured) => {
    expect((await create(configured).send(form("/webhooks/twilio", "A=1", `${signed}A1`))).outcome).toBe("accepted");
  });

  it("refuses another port than the one configured", async () => {
    const sent = form("/webhooks/twilio", "A=1", `${ORIGIN}:9999/webhooks/twilioA1`);
    expect((await create().send(sent)).code).toBe("SIGNATURE_MISMATCH");
  });

  it("accepts a GET, which says everything in its URL", async () => {
    const query = "?CallSid=CA1&CallStatus=ringing";
    const sent: Sent = { method: "GET", url: `/webhooks/twilio${query}`, headers: { "x-twilio-signature": sha1(URL_IN_CONSOLE + query) } };
    const { type, payload, signed } = await create().accept(sent);
    expect([type, payload]).toEqual(["ringing", { CallSid: "CA1", CallStatus: "ringing" }]);
    expect(signed).toEqual({ id: false, type: true, timestamp: false, body: false, payload: true, url: true });
    expect((await create().send({ ...sent, url: `${sent.url}&x=1` })).code).toBe("SIGNATURE_MISMATCH");
  });

  it("accepts JSON by the digest of its body in the URL", async () => {
    const event = await create().accept(json(`?bodySHA256=${hash(JSON_BODY)}`));
    expect(event).toMatchObject({ payload: { id: "EZ1" }, signed: { body: true, payload: true, url: true } });
  });

  it("refuses JSON whose digest is another body's, or taken away, or there twice", async () => {
    const query = `?bodySHA256=${hash(JSON_BODY)}`;
    const sent = json(query);
    expect((await create().send({ ...sent, body: JSON_BODY.replace("EZ1", "EZ2") })).code).toBe("SIGNATURE_MISMATCH");
    expect((await create().send({ ...sent, url: "/webhooks/twilio" })).outcome).toBe("rejected");
    expect((await create().send({ ...sent, url: `${sent.url}&bodySHA256=${hash("other")}` })).outcome).toBe("rejected");
  });

  it("refuses a captured JSON delivery whose body was taken away", async () => {
    const sent = json(`?bodySHA256=${hash(JSON_BODY)}`);
    for (const type of ["application/json", FORM_TYPE])
      expect((await create().send({ ...sent, headers: { ...sent.headers, "content-type": type }, body: "" })).code).toBe(
        "SIGNATURE_MISMATCH",
      );
  });

  it("refuses another body under the signature of an empty form", async () => {
    const sent = form("/webhooks/twilio", "", URL_IN_CONSOLE);
    expect((await create().send(sent)).outcome).toBe("accepted");
    expect((await create().send({ ...sent, body: "{}", headers: { ...sent.headers, "content-type": "application/json" } })).outcome).toBe(
      "rejected",
    );
  });

  it("knows a retry by its token and what is signed, and flags the same under another token", async () => {
    const receiver = create();
    const send = (token: string) =>
      receiver.send(form("/webhooks/twilio", "MessageStatus=sent", `${URL_IN_CONSOLE}MessageStatussent`, token));
    expect(await send("one")).toMatchObject({ outcome: "accepted", kind: "false" });
    expect(await send("one")).toMatchObject({ outcome: "duplicate", kind: "exact" });
    expect(await send("two")).toMatchObject({ outcome: "accepted", kind: "done" });
  });

  it.each([undefined, "", "example.com", "ftp://example.com/", "/webhooks"])("throws for the publicUrl %j", (publicUrl) => {
    expect(() => twilio({ secret: SECRET, publicUrl: publicUrl as "https://" })).toThrow(
      expect.objectContaining({ name: "ConfigurationError", option: "twilio.publicUrl" }),
    );
  });
});
