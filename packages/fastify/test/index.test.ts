import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { ConfigurationError, createVerifier, VerificationError, WebhookError, webhookOf } from "../src/index.js";
import { closeAfterEach } from "./close-after-each.js";

const closing = closeAfterEach();

describe("webhookOf", () => {
  it("says what is missing on a route without webhook(verifier)", async () => {
    const app = Fastify();
    app.post("/plain", async (request) => webhookOf(request));
    closing.push(app);
    const { message } = (await app.inject({ method: "POST", url: "/plain" })).json();
    expect(message).toMatch(/webhook\(verifier\)/);
  });
});

describe("index", () => {
  it("re-exports what a route needs", () => {
    expect(createVerifier).toBeTypeOf("function");
    expect(new VerificationError("HEADER_MISSING", "x")).toBeInstanceOf(WebhookError);
    expect(() => createVerifier({} as never)).toThrow(ConfigurationError);
  });
});
