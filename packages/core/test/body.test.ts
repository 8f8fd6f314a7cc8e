import { describe, expect, it } from "vitest";
import { deliver, mac, openAcme, SECRET } from "./acme-verifier.js";

const codeOf = async (options: object, delivery: Parameters<typeof deliver>[0], config?: object): Promise<string> => {
  const verdict = await openAcme({}, options, config).verifier.receive(deliver(delivery));
  return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
};
const body = new TextEncoder().encode("x".repeat(100));
const signed = { "x-sig": mac(body) };

describe("a body", () => {
  it("is refused by its declared length, before it is read", async () => {
    const stream = new ReadableStream({ pull: () => expect.unreachable() }, { highWaterMark: 0 });
    expect(await codeOf({ maxBytes: 99 }, { headers: { ...signed, "content-length": "100" }, body: stream })).toBe("BODY_TOO_LARGE");
    expect(await codeOf({ maxBytes: 100 }, { headers: { ...signed, "content-length": "100" }, body })).toBe("accepted");
  });

  it("is refused by its length as read", async () => {
    expect(await codeOf({ maxBytes: 99 }, { headers: signed, body })).toBe("BODY_TOO_LARGE");
  });

  it("has one length", async () => {
    const headers = ["x-sig", mac(body), "content-length", "100", "Content-Length", "100"];
    expect(await codeOf({}, { headers, body })).toBe("HEADER_DUPLICATED");
  });

  it("is answered 503 where all bodies under way are too many, and accepted once they are fewer", async () => {
    const { verifier } = openAcme({}, { maxBytesInFlight: 150 });
    let finish = (): void => {};
    const held = new ReadableStream({
      start(controller) {
        controller.enqueue(body);
        finish = () => controller.close();
      },
    });
    const first = verifier.receive(deliver({ headers: signed, body: held }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stream = new Blob([body]).stream();
    expect(await verifier.receive(deliver({ headers: signed, body: stream }))).toMatchObject({
      code: "OVERLOADED",
      reply: { status: 503 },
    });
    finish();
    expect((await first).outcome).toBe("accepted");
    expect((await verifier.receive(deliver({ headers: signed, body: new Blob([body]).stream() }))).outcome).toBe("accepted");
  });

  it("of another encoding is refused, whichever line of the header names it", async () => {
    const headers = ["x-sig", mac(body), "content-encoding", "", "content-encoding", "gzip"];
    expect(await codeOf({}, { headers, body })).toBe("CONTENT_ENCODING_REFUSED");
  });

  it("of another encoding is refused, unless it may be undone", async () => {
    const packed = new Uint8Array(await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    const delivery = { headers: { ...signed, "content-encoding": "gzip" }, body: new Blob([packed]).stream() };
    expect(await codeOf({}, { ...delivery, body: packed })).toBe("CONTENT_ENCODING_REFUSED");
    expect(await codeOf({ contentEncodings: ["gzip"] }, delivery)).toBe("accepted");
  });

  it("that somebody else decoded is told from one that was changed", async () => {
    const text = "caf\ufffd";
    expect(await codeOf({}, { headers: { "x-sig": mac(Buffer.from("caf\u00e9", "latin1")) }, body: text })).toBe("BODY_ALREADY_PARSED");
    expect(await codeOf({}, { headers: { "x-sig": mac(text) }, body: text })).toBe("accepted");
    expect(await codeOf({}, { headers: { "x-sig": mac("x") }, body: "cafe" })).toBe("SIGNATURE_MISMATCH");
    expect(await codeOf({}, { headers: {}, body: text })).toBe("HEADER_MISSING");
    expect(await codeOf({}, { headers: { "x-sig": "00" }, body: text }, { secret: async () => ({ tenant: null, secrets: SECRET }) })).toBe(
      "BODY_ALREADY_PARSED",
    );
    expect(await codeOf({}, { headers: { "x-sig": mac(text) }, body: text }, { secret: async () => undefined })).toBe("TENANT_UNKNOWN");
  });
});
