import { serve } from "@countersign/core/adapter";
import { describe, expect, it } from "vitest";
import { type CaseResult, conformanceCases, createStages, type Harness, type Server, type Stage } from "../src/conformance/index.js";
import { runConformance } from "../src/conformance/run-conformance.js";

type Answerer = (stage: Stage, request: Parameters<NonNullable<Server["send"]>>[0]) => Promise<number>;

/** No server: requests are handed over as they are. */
const harnessOf = (answer: Answerer): Harness => ({
  name: "by hand",
  traits: ["any-type"],
  forms: ["handler"],
  async open() {
    const { at, control } = createStages(conformanceCases);
    return {
      port: undefined,
      control,
      send: async (request) => ({ status: await answer(at(request.target) as Stage, request), headers: [], body: "" }),
      close: async () => {},
    };
  },
});

const deliver: Answerer = async ({ verifier, handle }, { method, target, headers, body }) => {
  const delivery = { method, url: target, headers, body: Buffer.concat([body].flat() as Uint8Array[]) };
  const served = await serve(verifier, delivery, handle, (answer) => (typeof answer === "object" ? answer.status : undefined));
  return served.reply?.status ?? (served.answer as { status: number }).status;
};

const namesOf = (results: readonly CaseResult[], outcome: CaseResult["outcome"]): string[] =>
  results.filter((result) => result.outcome === outcome).map(({ name }) => name);

describe("conformanceCases", () => {
  it("has a hundred cases and more, each under a name of its own", () => {
    expect(conformanceCases.length).toBeGreaterThan(100);
    expect(new Set(conformanceCases.map(({ name }) => name)).size).toBe(conformanceCases.length);
  });
});

describe("runConformance", () => {
  it("skips what a harness lacks, with the reason", async () => {
    const results = await runConformance(harnessOf(deliver), "handler", conformanceCases);
    expect(results).toHaveLength(conformanceCases.length);
    expect(results.find(({ name }) => name.includes("UTF-8 whose characters"))).toMatchObject({
      outcome: "skipped",
      reason: "no sockets here",
    });
  });

  it("fails an adapter that says 200 whatever the verifier says", async () => {
    const results = await runConformance(
      harnessOf(async (stage, request) => (await deliver(stage, request)) && 200),
      "handler",
      conformanceCases,
    );
    expect(namesOf(results, "failed").length).toBeGreaterThan(100);
  });

  it("fails an adapter that runs the handler a second time", async () => {
    const twice: Answerer = async (stage, request) => {
      const status = await deliver(stage, request);
      if (status === 200) await stage.handle({ rawBody: new Uint8Array(), signal: new AbortController().signal } as never);
      return status;
    };
    expect(namesOf(await runConformance(harnessOf(twice), "handler", conformanceCases), "failed")).toContain(
      "signed id: runs an event once, however often it comes",
    );
  });

  it("fails an adapter that answers a failed handler's delivery with a success", async () => {
    const forgiving: Answerer = async (stage, request) => {
      const status = await deliver(stage, request);
      return status === 500 ? 200 : status;
    };
    expect(namesOf(await runConformance(harnessOf(forgiving), "handler", conformanceCases), "failed")).toContain(
      "a handler that throws is answered 500, and its event runs again",
    );
  });

  it("fails an adapter that loses the body's last byte", async () => {
    const cutting: Answerer = (stage, request) =>
      deliver(stage, { ...request, body: Buffer.concat([request.body].flat() as Uint8Array[]).subarray(0, -1) });
    expect(namesOf(await runConformance(harnessOf(cutting), "handler", conformanceCases), "failed")).toContain(
      "accepts a genuine delivery, and shows its event",
    );
  });
});
