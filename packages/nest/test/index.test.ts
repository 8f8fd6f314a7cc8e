import { type ArgumentsHost, BadRequestException, Controller, type PipeTransform, Post } from "@nestjs/common";
import { ExecutionContextHost } from "@nestjs/core/helpers/execution-context-host.js";
import { describe, expect, it } from "vitest";
import { observed, send, toBody } from "../../fastify/test/sender.js";
import { ConfigurationError, createVerifier, Event, VerificationError, Webhook, WebhookError, type WebhookEvent } from "../src/index.js";
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

describe.each(platforms)("Event on $platform", ({ createAdapter }) => {
  it("takes pipes, whose refusal releases", async () => {
    const { verifier, records } = observed();
    let isStrict = true;
    class Checked implements PipeTransform {
      transform(value: unknown) {
        if (isStrict) throw new BadRequestException("no order");
        return { checked: value };
      }
    }
    @Controller()
    class Hooks {
      @Post("hook")
      @Webhook(verifier)
      handle(@Event("type", Checked) type: unknown, @Event(new Checked()) event: { checked: WebhookEvent }) {
        return { type, id: event.checked.id };
      }
    }
    const port = await listen(createAdapter, Hooks);
    const body = toBody("evt_piped");
    expect((await send(port, body)).status).toBe(400);
    isStrict = false;
    expect(await (await send(port, body)).json()).toEqual({ type: { checked: "order.paid" }, id: "evt_piped" });
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_FAILED", undefined]);
  });
});

describe("Webhook and Event", () => {
  it.each<[string, unknown[]]>([
    ["rpc", [{ socket: null, method: "POST", url: "/", rawHeaders: [] }, {}]],
    ["rpc", [undefined, {}]],
    ["ws", [{ client: 1 }, { data: 1 }]],
    ["graphql", [undefined, {}, { req: {} }, {}]],
  ])("say of a call by %s that it is no HTTP route", (kind, args) => {
    const { verifier, records } = observed();
    class Hooks {
      @Webhook(verifier)
      handle(@Event() event: unknown) {
        return event;
      }
    }
    const context = new ExecutionContextHost(args, Hooks, Hooks.prototype.handle);
    context.setType(kind);
    const [guard] = Reflect.getMetadata("__guards__", Hooks.prototype.handle);
    const [parameter] = Object.values<{ factory(part: undefined, context: unknown): unknown }>(
      Reflect.getMetadata("__routeArguments__", Hooks, "handle"),
    );
    for (const call of [() => guard.canActivate(context), () => parameter?.factory(undefined, context)])
      expect(call).toThrow(`Hooks.handle was called by "${kind}", which is no HTTP route`);
    expect(records).toEqual([]);
  });
});

describe("Webhook", () => {
  it("refuses what is no verifier while the class is declared", () => {
    expect(() => Webhook({} as never)).toThrow(/a verifier as first argument/);
  });
});

describe("index", () => {
  it("re-exports what a route needs", () => {
    expect(createVerifier).toBeTypeOf("function");
    expect(new VerificationError("HEADER_MISSING", "x")).toBeInstanceOf(WebhookError);
    expect(() => createVerifier({} as never)).toThrow(ConfigurationError);
  });
});
