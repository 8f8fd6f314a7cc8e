import { describe, expect, it } from "vitest";
import { checkVerifier } from "../../src/adapter/check-verifier.js";
import { openAcme } from "../acme-verifier.js";

describe("checkVerifier", () => {
  it("lets a verifier pass", () => {
    expect(() => checkVerifier(openAcme().verifier)).not.toThrow();
  });

  it.each([
    [undefined, "saw undefined"],
    [null, "saw null"],
    [{ provider: "acme" }, "saw an object"],
    [() => {}, "saw a function"],
  ])("throws for %j, and says what it got", (none, seen) => {
    expect(() => checkVerifier(none)).toThrow(seen);
  });
});
