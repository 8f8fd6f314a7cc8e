import { VerificationError } from "@countersign/core";
import { github } from "@countersign/providers/github";
import { stripe } from "@countersign/providers/stripe";
import { describe, expect, it } from "vitest";
import { acceptedEvent } from "../src/index.js";

const secret = "a secret of the tests, long enough";

describe("acceptedEvent", () => {
  it("makes the event that a handler would be given", async () => {
    const event = await acceptedEvent(stripe({ secret }), { payload: { id: "evt_1", type: "invoice.paid", n: 1 } });
    expect([event.id, event.type, event.payload]).toEqual(["evt_1", "invoice.paid", { id: "evt_1", type: "invoice.paid", n: 1 }]);
    expect(event.signed.id).toBe(true);
    expect(event.signal.aborted).toBe(false);
  });

  it("says of what nobody signs that it is not signed", async () => {
    const event = await acceptedEvent(github({ secret }), { payload: {}, id: "1", type: "push" });
    expect([event.id, event.type, event.signed.id, event.signed.type]).toEqual(["1", "push", false, false]);
  });

  it("goes by any time", async () => {
    const timestamp = new Date("2001-02-03T04:05:06Z");
    const event = await acceptedEvent(stripe({ secret }), { payload: { id: "evt_1" }, timestamp });
    expect(event.timestamp).toEqual(timestamp);
  });

  it("refuses what the provider would not send", async () => {
    const payload = new TextEncoder().encode("{");
    const headers = { "content-type": "application/json" };
    await expect(acceptedEvent(github({ secret }), { payload, headers })).rejects.toBeInstanceOf(VerificationError);
  });
});
