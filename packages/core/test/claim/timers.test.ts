import { describe, expect, it } from "vitest";
import type { Timers } from "../../src/claim/timers.js";
import { createTimers as createNodeTimers } from "../../src/claim/timers-node.js";
import { createTimers as createWebTimers } from "../../src/claim/timers-web.js";

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const expiry = (timers: Timers): Promise<void> => new Promise((resolve) => timers.start(resolve));

describe.each([
  ["node", createNodeTimers],
  ["web", createWebTimers],
] as const)("createTimers on %s", (_, createTimers) => {
  it("calls back once, no sooner than after its length, in the order of their beginning", async () => {
    const timers = createTimers(30);
    const begun = performance.now();
    const called: string[] = [];
    timers.start(() => called.push("a"));
    await later(10);
    timers.start(() => called.push("b"));
    timers.start(() => called.push("c"));
    await expiry(timers);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(38);
    expect(called).toEqual(["a", "b", "c"]);
  });

  it("calls back nobody who has cancelled", async () => {
    const timers = createTimers(20);
    const called: string[] = [];
    const first = timers.start(() => called.push("first"));
    const second = timers.start(() => called.push("second"));
    timers.start(() => called.push("third"));
    first.cancel();
    second.cancel();
    second.cancel();
    await expiry(timers);
    expect(called).toEqual(["third"]);
    first.cancel();
  });

  it("can be started from within a callback, and after all have ended", async () => {
    const timers = createTimers(10);
    await new Promise<void>((resolve) => timers.start(() => timers.start(resolve)));
    await later(30);
    await expiry(timers);
  });
});
