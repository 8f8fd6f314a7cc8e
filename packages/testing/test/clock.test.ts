import { describe, expect, it } from "vitest";
import { createClock } from "../src/index.js";

describe("createClock", () => {
  it("stands still, advances by seconds, and jumps", () => {
    const { now, advance, set } = createClock("2026-01-01T00:00:00Z");
    expect(now()).toBe(Date.UTC(2026, 0, 1));
    advance(1.5);
    expect(now()).toBe(Date.UTC(2026, 0, 1) + 1500);
    set(7);
    expect(now()).toBe(7);
  });

  it("begins at the present where nothing is said", () => {
    expect(Math.abs(createClock().now() - Date.now())).toBeLessThan(1000);
  });

  it("refuses what is no time", () => {
    expect(() => createClock("tomorrow")).toThrow(RangeError);
  });
});
