import { describe, expect, it } from "vitest";
import { fromFetchRequest, toResponse } from "../../src/adapter/fetch-request.js";
import { toParsedBody } from "../../src/adapter/parsed-body.js";
import { toRefusedDelivery } from "../../src/adapter/refused-delivery.js";
import { mac, openAcme } from "../acme-verifier.js";

describe("fromFetchRequest", () => {
  it("takes path, query, headers and body of a request, and nothing of its origin", async () => {
    const request = new Request("https://evil.example/hook?a=1#b", { method: "POST", headers: { "X-Sig": mac("x") }, body: "x" });
    const delivery = fromFetchRequest(request, { address: "203.0.113.7", protocol: "https" });
    expect(delivery).toMatchObject({ method: "POST", url: "/hook?a=1", address: "203.0.113.7", protocol: "https" });
    const verdict = await openAcme().verifier.receive(delivery);
    expect(verdict.outcome).toBe("accepted");
    expect(fromFetchRequest(new Request("https://a.example"))).toMatchObject({ url: "/", address: undefined, protocol: undefined });
  });
});

describe("toResponse", () => {
  it("writes status, headers and body, and none where a status may have none", async () => {
    const response = toResponse({ status: 202, headers: { "x-a": "1" }, body: "b" });
    expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([202, "1", "b"]);
    for (const status of [204, 304]) expect(toResponse({ status, headers: {}, body: "b" }).body).toBeNull();
  });
});

describe("toParsedBody", () => {
  it("is refused where the body would be read, and is the operator's to mend", async () => {
    const { verifier, records } = openAcme();
    const headers = { "x-sig": mac("x") };
    const verdict = await verifier.receive({ method: "POST", url: "/", protocol: "https", headers, body: toParsedBody("mount it first") });
    expect(verdict).toMatchObject({ code: "BODY_ALREADY_PARSED", reply: { status: 500 } });
    expect(records.at(-1)).toMatchObject({ detail: expect.stringContaining("mount it first") });
  });
});

describe("toRefusedDelivery", () => {
  it("is refused with its code, and recorded", async () => {
    const { verifier, records } = openAcme();
    const cause = new Error("why");
    const verdict = await verifier.receive(toRefusedDelivery("MISCONFIGURED", "this is no HTTP event", cause));
    expect(verdict).toMatchObject({ outcome: "rejected", code: "MISCONFIGURED", reply: { status: 500 } });
    expect(records.at(-1)).toMatchObject({ code: "MISCONFIGURED", detail: "this is no HTTP event", cause });
  });
});
