import { describe, expect, it } from "vitest";
import { toFirstDelivery, toParsedBody } from "../../src/adapter/parsed-body.js";
import { deliver, openAcme } from "../acme-verifier.js";

describe("toParsedBody", () => {
  it("is refused where the body would be read, with its detail", async () => {
    const { verifier, records } = openAcme({ id: "json:id" });
    expect(await verifier.receive({ ...deliver(), body: toParsedBody("a layer in front read it") })).toMatchObject({ outcome: "rejected" });
    expect(records.at(-1)).toMatchObject({ code: "BODY_ALREADY_PARSED", status: 500, detail: "a layer in front read it" });
  });
});

describe("toFirstDelivery", () => {
  it.each([undefined, null, "theirs", {}, { event: null }, { event: { name: "theirs" } }])(
    "leaves a delivery as it is after %j",
    (place) => {
      const delivery = deliver();
      expect(toFirstDelivery(delivery, place)).toBe(delivery);
    },
  );

  it("refuses one whose event was accepted before", async () => {
    const { verifier, records } = openAcme({ id: "json:id" });
    const verdict = await verifier.receive(deliver());
    await verifier.receive(toFirstDelivery(deliver(), verdict));
    expect(records.at(-1)).toMatchObject({ code: "BODY_ALREADY_PARSED", detail: expect.stringContaining("stands twice on this route") });
  });
});
