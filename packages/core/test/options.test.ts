import { describe, expect, it } from "vitest";
import { memoryStore } from "../src/claim/memory-store.js";
import { ConfigurationError } from "../src/errors.js";
import type { VerifierOptions } from "../src/options.js";
import { settleOptions } from "../src/options.js";
import { createVerifier } from "../src/verifier.js";
import { recordingStore } from "./claim/recording-store.js";
import { declareAcme, type Words } from "./provider/acme.js";

const stamped = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 }, signedAnew: true };
const settle = (options: object = {}, words: Words = {}) =>
  settleOptions({ provider: declareAcme(words)({ secret: "s" }), ...options } as VerifierOptions);
const refusalOf = (options: object, words: Words = {}): string => {
  try {
    settle(options, words);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "it is taken";
};
const durable = { ...memoryStore(), durable: true };

describe("settleOptions", () => {
  it("has a default for everything but the provider", () => {
    const { store, observe, now, ...rest } = settle();
    expect(rest).toMatchObject({
      endpoint: "acme",
      maxBytes: 5_242_880,
      maxBytesInFlight: 67_108_864,
      bodyTimeout: 10,
      secretTimeout: 2,
      storeTimeout: 2000,
      tolerance: undefined,
      repeats: "accept",
      lease: 30_000,
      handlerTimeout: 300_000,
      retention: 604_800_000,
      horizon: 259_200_000,
      contentEncodings: [],
    });
    expect([store.durable, typeof observe, now]).toEqual([false, "function", Date.now]);
  });

  it("takes an option that is undefined for one left out", () => {
    const names = [
      "endpoint",
      "maxBytes",
      "bodyTimeout",
      "tolerance",
      "repeats",
      "store",
      "lease",
      "retention",
      "contentEncodings",
      "observe",
      "now",
    ];
    expect(settle(Object.fromEntries(names.map((name) => [name, undefined])))).toMatchObject({ endpoint: "acme", lease: 30_000 });
  });

  it.each([undefined, null, 7, "x"])("refuses %s in place of options", (options) => {
    expect(() => settleOptions(options as never)).toThrow(
      /^createVerifier: saw (undefined|null|7|a string); expected an object of options/,
    );
  });

  it.each([undefined, null, {}, () => {}, declareAcme()])("refuses a provider that is no configured preset", (provider) => {
    expect(refusalOf({ provider })).toMatch(/^provider: saw (undefined|null|an object|a function); expected a configured preset/);
  });

  it.each([
    ["toleranse", 300, "toleranse: no such option; known are provider, endpoint"],
    ["endpoint", "", 'endpoint: saw ""'],
    ["endpoint", "  ", 'endpoint: saw "  "'],
    ["endpoint", 7, "endpoint: saw 7"],
    ["endpoint", null, "endpoint: saw null"],
    ["endpoint", "x".repeat(201), "endpoint: saw"],
    ["maxBytes", 0, "maxBytes: saw 0; expected a whole number of bytes, at least 1"],
    ["maxBytes", 1.5, "maxBytes: saw 1.5"],
    ["maxBytes", "1mb", 'maxBytes: saw "1mb"'],
    ["maxBytesInFlight", Number.POSITIVE_INFINITY, "maxBytesInFlight: saw Infinity"],
    ["bodyTimeout", 0, "bodyTimeout: saw 0; expected seconds, 0.001 to"],
    ["bodyTimeout", -1, "bodyTimeout: saw -1"],
    ["storeTimeout", "2s", 'storeTimeout: saw "2s"'],
    ["secretTimeout", Number.NaN, "secretTimeout: saw NaN"],
    ["secretTimeout", 1e7, "secretTimeout: saw 10000000; expected seconds, 0.001 to 2147483"],
    ["lease", 1e7, "lease: saw 10000000; expected seconds, 0.1 to 2147483"],
    ["lease", 0.05, "lease: saw 0.05; expected seconds, 0.1 to"],
    ["handlerTimeout", {}, "handlerTimeout: saw an object"],
    ["retention", () => {}, "retention: saw a function"],
    ["retention", Symbol("x"), "retention: saw Symbol(x)"],
    ["maxBytes", 10n, "maxBytes: saw 10; expected"],
    ["lease", 10n, "lease: saw 10; expected seconds"],
    ["repeats", "ignore", 'repeats: saw "ignore"; expected "accept" or "refuse"'],
    ["tolerance", 300, "tolerance: acme signs no timestamp"],
    ["store", {}, "store: saw an object without claim, renew, commit, release"],
    ["store", null, "store: saw null without claim"],
    ["store", { claim() {}, renew() {}, commit() {} }, "store: saw an object without release"],
    ["contentEncodings", "gzip", 'contentEncodings: saw "gzip"'],
    ["contentEncodings", ["zstd"], "contentEncodings: saw a list"],
    ["observe", true, "observe: saw true; expected a function, or false for silence"],
    ["observe", null, "observe: saw null"],
    ["now", 7, "now: saw 7; expected a function"],
  ] as const)("refuses %s: %s", (option, value, message) => {
    expect(refusalOf({ [option]: value })).toContain(message);
  });

  it("shows no text where an address with a password may stand", () => {
    for (const option of ["store", "provider", "observe", "now"])
      expect(refusalOf({ [option]: "redis://:s3cret@host" })).toMatch(new RegExp(`^${option}: saw a string`));
  });

  it("lets no clock pass that tells no number", () => {
    expect(settle({ now: () => 7 }).now()).toBe(7);
    for (const answer of [undefined, Number.NaN, "7"])
      expect(() => settle({ now: () => answer }).now()).toThrow(/^now: saw (undefined|NaN|"7") answered; expected milliseconds/);
  });

  it("has room for one body of the largest size", () => {
    const large = { provider: declareAcme()({ secret: "s" }), maxBytes: 100 * 2 ** 20 };
    expect(settleOptions(large).maxBytesInFlight).toBe(100 * 2 ** 20);
    expect(settleOptions({ ...large, contentEncodings: ["gzip"] }).maxBytesInFlight).toBe(200 * 2 ** 20);
  });

  it.each([-1, "x", { past: 1 }, Number.MAX_SAFE_INTEGER, { past: 1e9 + 1, future: 1 }])("refuses the tolerance %j", (tolerance) => {
    expect(refusalOf({ tolerance }, stamped)).toContain("; expected seconds");
  });

  it("needs a name for the endpoint where the store outlives the process", () => {
    expect(refusalOf({ store: durable })).toContain("endpoint: saw undefined; expected a name of 1 to 200");
    expect(refusalOf({ store: durable, endpoint: "billing/acme" })).toBe("it is taken");
  });

  it("takes a tolerance for the past, and for the future up to 300 s", () => {
    expect(settle({ tolerance: 900 }, stamped).tolerance).toEqual({ past: 900, future: 300 });
    expect(settle({ tolerance: { past: 1, future: 900 } }, stamped).tolerance).toEqual({ past: 1, future: 900 });
    expect(settle({ tolerance: { past: 1e9, future: 1e9 } }, stamped).retention).toBe(2_000_000_060_000);
  });

  it("keeps what was handled for as long as it may come again, and no less", () => {
    expect(settle({}, { ...stamped, retriesFor: 1_000_000 }).retention).toBe(1_250_000_000);
    expect(settle({ tolerance: { past: 2_000_000, future: 100 } }, stamped).retention).toBe(2_000_160_000);
    expect(refusalOf({ retention: 659 }, stamped)).toContain("retention: saw 659 s; expected at least the 660 s");
    expect(refusalOf({ retention: 660 }, stamped)).toBe("it is taken");
    expect(refusalOf({ retention: 999 }, { ...stamped, retriesFor: 1000 })).toContain("expected at least the 1000 s");
    expect(settle({ retention: 4000 }).repeatRetention).toBe(4_000_000);
    expect(settle({}, { ...stamped, retriesFor: 10 }).repeatRetention).toBe(3_600_000);
  });

  it("lets a handler run for no longer than a lease before the provider's last retry", () => {
    expect(settle({}, { retriesFor: 100 }).handlerTimeout).toBe(70_000);
    expect(settle({}, { retriesFor: 30.5 }).handlerTimeout).toBe(1000);
    expect(settle({}, { retriesFor: 10 }).handlerTimeout).toBe(300_000);
    expect(settle({}, { retriesFor: 0 }).handlerTimeout).toBe(300_000);
    expect(settle({ handlerTimeout: 900, lease: 60 })).toMatchObject({ handlerTimeout: 900_000, lease: 60_000 });
  });

  it("takes a preset's larger body, and the user's limit over both", () => {
    expect(settle({}, { maxBytes: 26_214_400 }).maxBytes).toBe(26_214_400);
    expect(settle({}, { maxBytes: 10 }).maxBytes).toBe(5_242_880);
    expect(settle({ maxBytes: 10 }, { maxBytes: 26_214_400 }).maxBytes).toBe(10);
  });

  it("takes every encoding that can be undone, and silence for an observer", () => {
    expect(settle({ contentEncodings: ["gzip", "deflate", "br"] }).contentEncodings).toEqual(["gzip", "deflate", "br"]);
    expect(settle({ observe: false }).observe({} as never)).toBeUndefined();
  });
});

describe("createNotices", () => {
  const noticesOf = (options: Partial<VerifierOptions>, words: Words = { id: "json:id" }): string[] => {
    const codes: string[] = [];
    createVerifier({ provider: declareAcme(words)({ secret: "s" }), observe: ({ code }) => codes.push(code ?? "none"), ...options });
    return codes;
  };
  const withEnv = (value: string | undefined, run: () => string[]): string[] => {
    const before = process.env.NODE_ENV;
    if (value === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = value;
    try {
      return run();
    } finally {
      process.env.NODE_ENV = before;
    }
  };

  it("says once that verifiers share an endpoint on one store", () => {
    const store = recordingStore();
    expect(noticesOf({ store, endpoint: "a" })).toEqual([]);
    expect(noticesOf({ store, endpoint: "b" })).toEqual([]);
    expect(noticesOf({ store, endpoint: "a" })).toEqual(["ENDPOINT_SHARED"]);
    expect(noticesOf({ store, endpoint: "a" })).toEqual([]);
    expect(noticesOf({ store, endpoint: "b" })).toEqual(["ENDPOINT_SHARED"]);
  });

  it("says once of each store in memory that it is one", () => {
    const store = memoryStore();
    const run = (): string[] => ["a", "b"].flatMap((endpoint) => noticesOf({ store, endpoint }));
    expect(withEnv("production", run)).toEqual(["MEMORY_STORE"]);
  });

  it("says that claims are kept in one process, unless that is meant", () => {
    const run = (): string[] => noticesOf({});
    expect(["development", "test"].flatMap((value) => withEnv(value, run))).toEqual([]);
    expect(["production", undefined].map((value) => withEnv(value, run))).toEqual([["MEMORY_STORE"], ["MEMORY_STORE"]]);
    expect(withEnv("production", () => noticesOf({ store: durable, endpoint: "x" }))).toEqual([]);
  });

  it("says that nothing is deduplicated where nothing can be", () => {
    expect(noticesOf({}, {})).toEqual(["NOT_DEDUPLICATED"]);
    expect(noticesOf({ repeats: "refuse" }, {})).toEqual([]);
    expect(noticesOf({}, { unique: "body" })).toEqual([]);
  });
});
