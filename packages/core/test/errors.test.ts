import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { CODES, ConfigurationError, type ErrorCode, pageOf, Refusal, VerificationError, WebhookError } from "../src/errors.js";

describe("errors", () => {
  it.each(Object.keys(CODES) as ErrorCode[])("say of %s its title, what was seen, and where it is explained", (code) => {
    const error = new VerificationError(code, "what was seen");
    expect(error.message).toBe(`${CODES[code].title}: what was seen (${pageOf(code)})`);
    expect([error.code, error.status, error.retryable, error.name]).toEqual([
      code,
      CODES[code].status,
      CODES[code].retryable,
      "VerificationError",
    ]);
    expect(error).toBeInstanceOf(WebhookError);
    expect(error.cause).toBeUndefined();
  });

  it("of configuration name the option", () => {
    const cause = new Error("why");
    const error = new ConfigurationError("maxBytes", "saw 0", { cause });
    expect([error.option, error.code, error.cause, error.name]).toEqual(["maxBytes", "MISCONFIGURED", cause, "ConfigurationError"]);
    expect(error.message).toMatch(/^maxBytes: saw 0 \(https:.*#misconfigured\)$/);
  });

  it("keep their names where a bundler shortens those of classes", async () => {
    const entry = fileURLToPath(new URL("../src/errors.ts", import.meta.url));
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false });
    const code = outputFiles.map(({ text }) => text).join("");
    const shortened = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as typeof import("../src/errors.js");
    const errors = [
      new shortened.WebhookError("LEASE_LOST", "x"),
      new shortened.ConfigurationError("maxBytes", "x"),
      new shortened.VerificationError("HEADER_MISSING", "x"),
    ];
    expect(errors.map(({ name }) => name)).toEqual(["WebhookError", "ConfigurationError", "VerificationError"]);
    expect(shortened.VerificationError.name).not.toBe("VerificationError");
  });
});

describe("Refusal", () => {
  it("is no error, and becomes one with its cause", () => {
    const cause = new Error("why");
    expect(new Refusal("CLAIM_BUSY", "x")).not.toBeInstanceOf(Error);
    expect(new Refusal("CLAIM_BUSY", "x", { cause }).toError()).toMatchObject({ code: "CLAIM_BUSY", cause });
    expect("cause" in new Refusal("CLAIM_BUSY", "x").toError()).toBe(false);
  });
});
