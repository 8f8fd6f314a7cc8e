import { ConfigurationError, webhook } from "@countersign/serverless/gcf";
import { cloudEvent } from "@google-cloud/functions-framework";
import express from "express";
import { describe, expect, it } from "vitest";
import { hmac, SECRET, signed, tampered, urlSigner, watched } from "./acme.js";
import { serveFunction, start } from "./functions-framework.js";

describe("webhook", () => {
  it("hands a genuine delivery to the handler, though the framework has parsed its body", async () => {
    const seen: unknown[] = [];
    const { send } = await start(
      async (event, req) => void seen.push([event.type, new TextDecoder().decode(event.rawBody), req.originalUrl]),
    );
    const delivery = signed({ name: "Zoë ✓" });
    const response = await send(delivery);
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(seen).toEqual([["order.paid", delivery.body, "/hook?x=1"]]);
  });

  it("fulfils once it has answered", async () => {
    const { verifier } = watched({ https: "off" });
    const hook = webhook(verifier, async () => {});
    let outcome: Promise<void> | undefined;
    const url = await serveFunction((req, res) => {
      outcome = hook(req, res);
      return outcome;
    });
    const { headers, body } = signed();
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
    await expect(outcome).resolves.toBeUndefined();
  });

  it("refuses a body changed by one byte", async () => {
    const { send, records } = await start(() => expect.unreachable());
    const response = await send(tampered(signed()));
    expect([response.status, response.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    expect(records[0]?.code).toBe("SIGNATURE_MISMATCH");
  });

  it("answers a second delivery of an event with success, and does not run the handler again", async () => {
    let runs = 0;
    const { send } = await start(async () => void runs++);
    const delivery = signed();
    await send(delivery);
    expect((await send(delivery)).status).toBe(200);
    expect(runs).toBe(1);
  });

  it.each(["application/octet-stream", "text/plain", "application/cloudevents+json"])(
    "verifies the bytes of %s, as of any type",
    async (type) => {
      const bodies: string[] = [];
      const { send } = await start(async (event) => void bodies.push(new TextDecoder().decode(event.rawBody)));
      const delivery = signed();
      expect((await send(delivery, { "content-type": type })).status).toBe(200);
      expect(bodies).toEqual([delivery.body]);
    },
  );

  it("verifies the URL as it came in, also where an Express app inside the function has stripped a prefix", async () => {
    const { verifier, records } = watched({ provider: urlSigner({ secret: SECRET, publicUrl: "https://hooks.example.com/" }) });
    const app = express();
    app.use(
      "/hook",
      webhook(verifier, async () => {}),
    );
    const origin = await serveFunction(app);
    const { body } = signed();
    const response = await fetch(`${origin}/hook?a=%7e`, {
      method: "POST",
      headers: { "content-type": "application/json", "url-signature": hmac(`https://hooks.example.com/hook?a=%7e${body}`) },
      body,
    });
    expect([response.status, records[0]?.code]).toEqual([200, undefined]);
  });

  it("takes address and protocol from the front end that the verifier trusts", async () => {
    const options = { trustedProxies: { hops: 1 }, allow: ["203.0.113.9"] };
    const { send } = await start(async () => {}, options);
    const front = (forwarded: string, protocol: string) => ({ "x-forwarded-for": forwarded, "x-forwarded-proto": protocol });
    expect((await send(signed(), front("198.51.100.1, 203.0.113.9", "https"))).status).toBe(200);
    expect((await send(signed(), front("203.0.113.9, 198.51.100.1", "https"))).status).toBe(403);
    expect((await send(signed(), front("203.0.113.9", "http"))).status).toBe(403);
  });

  it("does not believe the front end of a verifier that names none", async () => {
    const { send } = await start(() => expect.unreachable(), { allow: ["203.0.113.9"] });
    expect((await send(signed(), { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" })).status).toBe(403);
  });

  it("acknowledges no event where it is registered for events, and says how to register it", async () => {
    const { verifier, records } = watched();
    const origin = await serveFunction(
      webhook(verifier, () => expect.unreachable()),
      cloudEvent as never,
    );
    const headers = { "content-type": "application/json", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0" };
    expect((await fetch(origin, { method: "POST", headers, body: "{}" })).status).toBe(500);
    expect(records[0]).toMatchObject({ code: "MISCONFIGURED", detail: expect.stringContaining("http(name, webhook(...))") });
  });

  it.each([
    [{ data: "aGk=" }, { eventId: "1", eventType: "google.pubsub.topic.publish" }],
    [undefined, undefined],
  ])("rejects a call with %j and %j, of which the framework would make a success", async (data, context) => {
    const { verifier } = watched();
    const call = webhook(verifier, () => expect.unreachable())(data as never, context as never);
    await expect(call).rejects.toThrow(ConfigurationError);
  });

  it.each([[undefined], [{}], [() => {}]])("throws while being made for a verifier that is none: %s", (none) => {
    expect(() => webhook(none as never, async () => {})).toThrow(ConfigurationError);
  });
});
