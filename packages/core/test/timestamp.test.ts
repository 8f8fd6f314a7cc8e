import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../src/errors.js";
import { judgeTimestamp, parseTimestamp, type Tolerance, toTolerance } from "../src/timestamp.js";

describe("parseTimestamp", () => {
  it.each([
    ["1700000000", "s", 1_700_000_000_000],
    ["0", "s", 0],
    ["8640000000000", "s", 8.64e15],
    ["2024-02-29T00:00:00Z", "iso", 1_709_164_800_000],
    ["1700000000123", "ms", 1_700_000_000_123],
    ["1700000000", "epoch", 1_700_000_000_000],
    ["99999999999", "epoch", 99_999_999_999_000],
    ["100000000000", "epoch", 100_000_000_000],
    ["1700000000123", "epoch", 1_700_000_000_123],
    ["2023-11-14T22:13:20Z", "iso", 1_700_000_000_000],
    ["2023-11-14T22:13:20.5Z", "iso", 1_700_000_000_500],
    ["2023-11-14T23:13:20.123456789+01:00", "iso", 1_700_000_000_123],
    ["2023-11-14T17:13:20-0500", "iso", 1_700_000_000_000],
  ] as const)("reads %s in %s", (text, unit, expected) => {
    expect(parseTimestamp(text, unit)).toBe(expected);
  });

  it.each([
    ...[
      "",
      " 1700000000",
      "1700000000 ",
      "+1700000000",
      "-1",
      "1.7e9",
      "1700000000.5",
      "0x10",
      "1700000000a",
      "١٧٠٠",
      "Infinity",
      "NaN",
    ].map((text) => [text, "s"] as const),
    ["1".repeat(16), "ms"],
    ["1700000000,1700000000", "epoch"],
    ["2023-11-14T22:13:20", "iso"],
    ["2023-11-14 22:13:20Z", "iso"],
    ["2023-13-14T22:13:20Z", "iso"],
    ["2023-11-14T25:13:20Z", "iso"],
    ["2023-02-30T00:00:00Z", "iso"],
    ["2023-02-29T00:00:00Z", "iso"],
    ["2023-04-31T00:00:00Z", "iso"],
    ["2023-11-00T00:00:00Z", "iso"],
    ["2023-11-14T24:00:00Z", "iso"],
    ["2023-11-14T23:60:00Z", "iso"],
    ["9".repeat(15), "s"],
    ["2023-11-14", "iso"],
    ["1700000000", "iso"],
    ["Tue, 14 Nov 2023 22:13:20 GMT", "iso"],
  ] as const)("refuses %j in %s", (text, unit) => {
    expect(parseTimestamp(text, unit)).toBeUndefined();
  });
});

describe("judgeTimestamp", () => {
  const tolerance: Tolerance = { past: 300, future: 60 };
  it("takes exactly what lies within past and future", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (offset) => {
        const now = 1_700_000_000_000;
        const code = judgeTimestamp(now + offset, "ms", tolerance, now)?.code;
        expect(code).toBe(offset < -300_000 ? "TIMESTAMP_TOO_OLD" : offset > 60_000 ? "TIMESTAMP_IN_FUTURE" : undefined);
      }),
    );
  });

  it("compares whole seconds with whole seconds", () => {
    expect(judgeTimestamp(1_000_000, "s", tolerance, 1_300_999)).toBeUndefined();
    expect(judgeTimestamp(1_000_000, "s", tolerance, 1_301_000)?.code).toBe("TIMESTAMP_TOO_OLD");
    expect(judgeTimestamp(1_000_000, "epoch", tolerance, 1_300_999)?.code).toBe("TIMESTAMP_TOO_OLD");
  });

  it("says how far off it was, and how far it may be", () => {
    expect(judgeTimestamp(0, "s", tolerance, 400_000)?.detail).toContain("400 s ago, and tolerance allows 300 s");
    expect(judgeTimestamp(100_000, "s", tolerance, 0)?.detail).toContain("100 s ahead, and tolerance allows 60 s");
  });
});

describe("toTolerance", () => {
  it("takes a number for the past, and for the future up to 300 s", () => {
    expect(toTolerance(60, "tolerance")).toEqual({ past: 60, future: 60 });
    expect(toTolerance(7200, "tolerance")).toEqual({ past: 7200, future: 300 });
    expect(toTolerance({ past: 5, future: 900 }, "tolerance")).toEqual({ past: 5, future: 900 });
    expect(toTolerance(0, "tolerance")).toEqual({ past: 0, future: 0 });
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "300", null, {}, { past: 1 }, { past: 1, future: -1 }, { past: "1", future: 1 }])(
    "refuses %j",
    (value) => {
      expect(() => toTolerance(value as number, "tolerance")).toThrow(ConfigurationError);
    },
  );
});
