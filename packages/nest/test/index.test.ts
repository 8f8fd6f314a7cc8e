import { type ArgumentsHost, Controller, Post } from "@nestjs/common";
import { describe, expect, it } from "vitest";
import { send } from "../../fastify/test/sender.js";
import { ConfigurationError, createVerifier, Event, VerificationError, WebhookError } from "../src/index.js";
import { createListen, platforms } from "./app.js";

const listen = createListen();

describe("Event", () => {
  it("says what is missing on a route without Webhook", async () => {
    @Controller()
    class Hooks {
      @Post("hook")
      handle(@Event() event: unknown) {
        return event;
      }
    }
    const messages: string[] = [];
    const port = await listen(platforms[0].createAdapter, Hooks, {
      setUp: (made) =>
        void made.useGlobalFilters({
          catch: (error: Error, host: ArgumentsHost) => {
            messages.push(error.message);
            host.switchToHttp().getResponse().status(500).end();
          },
        }),
    });
    expect((await send(port)).status).toBe(500);
    expect(messages[0]).toMatch(/@Webhook\(verifier\)/);
  });
});

describe("index", () => {
  it("re-exports what a route needs", () => {
    expect(createVerifier).toBeTypeOf("function");
    expect(new VerificationError("HEADER_MISSING", "x")).toBeInstanceOf(WebhookError);
    expect(() => createVerifier({} as never)).toThrow(ConfigurationError);
  });
});
