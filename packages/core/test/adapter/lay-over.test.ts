import { describe, expect, it } from "vitest";
import { createOverlay } from "../../src/adapter/lay-over.js";
import type { NodeResponse } from "../../src/adapter/node-response.js";

/** A response with a method of its prototype, and one of its own, as middleware puts it there. */
function respond() {
  const prototype = { write: () => "written", end: () => "ended" };
  const response = Object.assign(Object.create(prototype) as typeof prototype & { writeHead(): string }, { writeHead: () => "head" });
  const said = () => [response.writeHead(), response.write(), response.end()];
  return { response, prototype, said, lay: (over: ReturnType<typeof createOverlay>) => over(response as unknown as NodeResponse) };
}

describe("createOverlay", () => {
  const over = createOverlay({ write: () => "over", writeHead: () => "over" });

  it("lays methods over a response's own and its prototype's, until they are taken away", () => {
    const { response, prototype, said, lay } = respond();
    const takeAway = lay(over);
    expect(said()).toEqual(["over", "over", "ended"]);
    takeAway();
    expect(said()).toEqual(["head", "written", "ended"]);
    expect([Object.getPrototypeOf(response), Object.keys(response)]).toEqual([prototype, ["writeHead"]]);
  });

  it("shares one prototype among responses of one", () => {
    const first = respond();
    const second = Object.create(first.prototype) as object;
    first.lay(over);
    over(second as NodeResponse);
    expect(Object.getPrototypeOf(second)).toBe(Object.getPrototypeOf(first.response));
  });

  it("leaves a prototype that a framework has given the response meanwhile", () => {
    const { response, said, lay } = respond();
    const takeAway = lay(over);
    Object.setPrototypeOf(response, { write: () => "another", end: () => "other" });
    takeAway();
    expect(said()).toEqual(["head", "another", "other"]);
  });
});
