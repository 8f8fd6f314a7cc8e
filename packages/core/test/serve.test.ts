import { describe, expect, it } from "vitest";
import { toHandler } from "../src/adapter/event-sink.js";
import { ConfigurationError } from "../src/errors.js";
import type { WebhookEvent } from "../src/event.js";
import { serve } from "../src/serve.js";
import { deliver, openAcme } from "./acme-verifier.js";
import { recordingStore } from "./claim/recording-store.js";

const open = (options = {}) => {
  const store = recordingStore();
  return { store, ...openAcme({ id: "json:id", type: "json:type" }, { store, ...options }) };
};

describe("serve", () => {
  it("commits what a handler answered nothing to, and sends the provider's success", async () => {
    const { store, verifier, records } = open();
    const seen: string[] = [];
    const served = await serve(
      verifier,
      deliver(),
      (event) => void seen.push(event.id ?? ""),
      () => undefined,
    );
    expect(served).toEqual({ reply: { status: 200, headers: {}, body: null } });
    expect([seen, store.calls]).toEqual([["e1"], ["claim", "commit"]]);
    expect(records).toMatchObject([{ outcome: "accepted", status: 200, id: "e1", type: "t", code: undefined }]);
  });

  it.each([
    [204, "commit"],
    [500, "release"],
    [302, "release"],
  ] as const)("judges an answer by its status: %i is a %s", async (status, call) => {
    const { store, verifier, records } = open();
    const served = await serve(
      verifier,
      deliver(),
      async () => ({ status }),
      (answer) => answer.status,
    );
    expect(served).toEqual({ answer: { status } });
    expect(store.calls).toEqual(["claim", call]);
    expect(records).toMatchObject([{ status }]);
  });

  it("releases what a handler threw at, and hands the error on", async () => {
    const fault = new Error("x");
    for (const handler of [
      () => Promise.reject(fault),
      () => {
        throw fault;
      },
    ]) {
      const { store, verifier, records } = open();
      const served = await serve(verifier, deliver(), handler as () => Promise<void>, () => undefined);
      expect(served).toMatchObject({ reply: { status: 500 }, error: fault });
      expect(store.calls).toEqual(["claim", "release"]);
      expect(records).toMatchObject([{ outcome: "accepted", code: "HANDLER_FAILED", status: 500, cause: fault }]);
    }
  });

  it("replies 500 once a handler's time is over, whether it ends or not", async () => {
    const { verifier, records } = open({ handlerTimeout: 0.02 });
    let aborted: AbortSignal | undefined;
    const never = (_: WebhookEvent, context: { readonly signal: AbortSignal }) => {
      aborted = context.signal;
      return new Promise(() => {});
    };
    const served = await serve(verifier, deliver(), never, () => undefined);
    expect(served).toMatchObject({ reply: { status: 500 } });
    expect(aborted?.aborted).toBe(true);
    expect(records.map(({ code }) => code)).toEqual(["HANDLER_TIMEOUT", "HANDLER_TIMEOUT"]);
    expect(records.map(({ kind }) => kind)).toEqual(["notice", "delivery"]);
    await verifier.close();
  });

  it("runs no handler for what is not accepted", async () => {
    const { verifier } = open();
    const handler = (): never => expect.unreachable();
    expect(await serve(verifier, deliver({ headers: {} }), handler, () => undefined)).toMatchObject({ reply: { status: 401 } });
  });
});

describe("toHandler", () => {
  it("takes a function as it is, and makes one of a sink", async () => {
    const handler = (event: WebhookEvent): string => event.type;
    expect(toHandler(handler)).toBe(handler);
    const accepted: unknown[] = [];
    const event = { signal: AbortSignal.abort() } as WebhookEvent;
    const sink = toHandler({ accept: async (...given: unknown[]) => accepted.push(...given) });
    expect(await sink(event)).toBeUndefined();
    expect(accepted).toEqual([event, { signal: event.signal }]);
  });

  it.each([undefined, null, {}, { accept: true }, "fulfil"])("throws for %j, which is neither a function nor a sink", (none) => {
    expect(() => toHandler(none as never)).toThrow(ConfigurationError);
  });

  it.each([
    ["a generator function", function* () {}],
    ["an async one", async function* () {}],
  ])("refuses %s, whose event would be committed without a run", (_, generator) => {
    expect(() => toHandler(generator as never)).toThrow(/^webhook\.handler: saw a generator function/);
  });
});
