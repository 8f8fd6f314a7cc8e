import { describe, expect, it } from "vitest";
import { JSON_BODY, mac, receive, SECONDS } from "./self-made.js";
import { vectors } from "./vector.js";

const replyTo = async (...delivery: Parameters<typeof receive>) => {
  const verdict = await receive(...delivery);
  const { status, headers, body } = verdict.reply;
  return { outcome: verdict.outcome, status, headers, body };
};
const signedSlack = (body: string) => ({
  headers: { "x-slack-request-timestamp": SECONDS, "x-slack-signature": `v0=${mac("sha256", "s", `v0:${SECONDS}:${body}`, "hex")}` },
  body,
});

describe("success replies", () => {
  it("are what Adyen waits for, brackets and all", async () => {
    const vector = vectors.find(({ provider }) => provider === "adyen")!;
    expect(await replyTo("adyen", { secret: vector.key }, vector)).toMatchObject({ outcome: "accepted", status: 200, body: "[accepted]" });
  });
});

describe("handshakes", () => {
  it("answers Slack's challenge once it is verified", async () => {
    const body = '{"type":"url_verification","challenge":"c"}';
    expect(await replyTo("slack", { secret: "s" }, signedSlack(body))).toMatchObject({ outcome: "handshake", status: 200, body: "c" });
    const forged = { ...signedSlack(body), body: '{"type":"url_verification","challenge":"d"}' };
    expect(await replyTo("slack", { secret: "s" }, forged)).toMatchObject({ outcome: "rejected", status: 401 });
  });

  it("signs Zoom's token once it is verified", async () => {
    const body = '{"event":"endpoint.url_validation","payload":{"plainToken":"p"}}';
    const signature = `v0=${mac("sha256", "s", `v0:${SECONDS}:${body}`, "hex")}`;
    const headers = { "x-zm-request-timestamp": SECONDS, "x-zm-signature": signature };
    const { body: answer } = await replyTo("zoom", { secret: "s" }, { headers, body });
    expect(JSON.parse(answer ?? "")).toEqual({ plainToken: "p", encryptedToken: mac("sha256", "s", "p", "hex") });
  });

  it("signs X's token, and no text that could be the content of an event", async () => {
    const { body } = await replyTo("x-twitter", { secret: "s" }, { method: "GET", url: "/?crc_token=q", headers: {}, body: "" });
    expect(JSON.parse(body ?? "")).toEqual({ response_token: `sha256=${mac("sha256", "s", "q", "base64")}` });
    for (const token of [JSON_BODY, "", "a b", "a".repeat(129), "q.q"]) {
      const url = `/?crc_token=${encodeURIComponent(token)}`;
      const refused = await replyTo("x-twitter", { secret: "s" }, { method: "GET", url, headers: {}, body: "" });
      expect(refused).toMatchObject({ outcome: "rejected", status: 401 });
    }
  });

  it("echoes Meta's challenge for the right token alone", async () => {
    const ask = (token: string) =>
      replyTo(
        "meta",
        { secret: "s", verifyToken: "v" },
        {
          method: "GET",
          url: `/?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=77`,
          headers: {},
          body: "",
        },
      );
    expect(await ask("v")).toMatchObject({ outcome: "handshake", body: "77" });
    expect(await ask("w")).toMatchObject({ outcome: "rejected", status: 401 });
  });

  it("hands Asana's secret to the user, echoes it, and refuses it where nobody keeps it", async () => {
    const delivery = { headers: { "x-hook-secret": "z" }, body: "" };
    const learned: string[] = [];
    const onSecret = (secret: string) => void learned.push(secret);
    expect(await replyTo("asana", { secret: "s", onSecret }, delivery)).toMatchObject({
      outcome: "handshake",
      headers: { "x-hook-secret": "z" },
    });
    expect(learned).toEqual(["z"]);
    expect(await replyTo("asana", { secret: "s" }, delivery)).toMatchObject({ outcome: "rejected", status: 401 });
  });

  it("answers Event Grid's validation with the code of the one event", async () => {
    const body = '[{"data":{"validationCode":"512"}}]';
    const delivery = { url: "/?token=s", headers: { "aeg-event-type": "SubscriptionValidation" }, body };
    expect(await replyTo("azure-event-grid", { secret: "s" }, delivery)).toMatchObject({ body: '{"validationResponse":"512"}' });
    expect(await replyTo("azure-event-grid", { secret: "t" }, delivery)).toMatchObject({ outcome: "rejected", status: 401 });
  });
});
