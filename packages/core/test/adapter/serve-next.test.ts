import { describe, expect, it } from "vitest";
import { serveNext, toError } from "../../src/adapter/serve-next.js";
import { deliver, openAcme } from "../acme-verifier.js";
import { recordingStore } from "../claim/recording-store.js";

const open = (options = {}) => {
  const store = recordingStore();
  return { store, ...openAcme({ id: "json:id" }, { store, ...options }) };
};

describe("serveNext", () => {
  it.each([
    [200, "commit"],
    [404, "release"],
  ] as const)("settles by the status that follows: %i is a %s", async (status, call) => {
    const { store, verifier } = open();
    expect(await serveNext(verifier, deliver(), async () => status)).toEqual({ answer: status });
    expect(store.calls).toEqual(["claim", call]);
  });

  it("answers 500 where nobody has replied", async () => {
    const { store, verifier, records } = open();
    expect(await serveNext(verifier, deliver(), async () => undefined)).toMatchObject({ reply: { status: 500 } });
    expect([store.calls, records.at(-1)?.code]).toEqual([["claim", "release"], "NOBODY_REPLIED"]);
  });

  it("releases after a throw, and hands the error on", async () => {
    const { store, verifier } = open();
    const fault = new Error("x");
    expect(await serveNext(verifier, deliver(), () => Promise.reject(fault))).toMatchObject({ reply: { status: 500 }, error: fault });
    expect(store.calls).toEqual(["claim", "release"]);
  });

  it("answers 500 once the time of what follows is over", async () => {
    const { verifier } = open({ handlerTimeout: 0.02 });
    expect(await serveNext(verifier, deliver(), () => new Promise(() => {}))).toMatchObject({ reply: { status: 500 } });
  });

  it("passes on nothing that is not accepted", async () => {
    const { verifier } = open();
    expect(await serveNext(verifier, deliver({ headers: {} }), () => expect.unreachable())).toMatchObject({ reply: { status: 401 } });
  });
});

describe("toError", () => {
  it("leaves an object as it is, and makes an error of anything else", () => {
    const fault = { status: 418 };
    expect(toError(fault)).toBe(fault);
    for (const thrown of [undefined, null, "route", 0])
      expect(toError(thrown)).toMatchObject({ cause: thrown, message: expect.any(String) });
  });
});
