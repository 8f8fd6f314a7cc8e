import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../src/errors.js";
import { consoleObserver, type DeliveryRecord, guardObserver, logObserver, type NoticeRecord } from "../src/observe.js";

const DELIVERY: DeliveryRecord = {
  ...{ kind: "delivery", provider: "acme", endpoint: "billing", outcome: "accepted", code: undefined, detail: undefined, cause: undefined },
  ...{ status: 200, duration: 1, phases: { body: 0, signature: 0, store: 0, handler: 0 }, bytes: 1, id: "1", type: "t", tenant: undefined },
  ...{ keyId: "0", lag: undefined, duplicate: undefined, repeats: false },
};
const refused = (more: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  ...DELIVERY,
  outcome: "rejected",
  code: "SIGNATURE_MISMATCH",
  detail: "none fits",
  ...more,
});
const notice: NoticeRecord = {
  kind: "notice",
  provider: "acme",
  endpoint: "billing",
  code: "MEMORY_STORE",
  detail: "claims are kept here",
  cause: undefined,
};

describe("logObserver", () => {
  const logOf = (record: DeliveryRecord | NoticeRecord) => {
    const lines: [string, object, string][] = [];
    const at = (level: string) => (object: object, message: string) => void lines.push([level, object, message]);
    logObserver({ info: at("info"), warn: at("warn"), error: at("error") })(record);
    return lines[0] ?? [];
  };

  it("tells accepted deliveries, refusals and faults of one's own apart", () => {
    expect(logOf(DELIVERY)).toEqual(["info", expect.objectContaining({ id: "1" }), "webhook accepted (acme at billing)"]);
    expect(logOf({ ...DELIVERY, outcome: "duplicate", duplicate: "exact" })[2]).toBe("webhook duplicate (acme at billing), exact");
    expect(logOf(refused())).toMatchObject([
      "warn",
      {},
      expect.stringMatching(/^webhook rejected, SIGNATURE_MISMATCH \(acme at billing, event 1\): none fits\. https:.*#signature_mismatch$/),
    ]);
    expect(logOf(refused({ code: "MISCONFIGURED", detail: undefined }))).toMatchObject([
      "error",
      {},
      expect.stringContaining("The verifier is misconfigured"),
    ]);
    expect(logOf(notice)).toMatchObject([
      "warn",
      {},
      expect.stringMatching(/^MEMORY_STORE \(acme at billing\): claims are kept here\. https:.*#memory_store$/),
    ]);
  });

  it("says what a handler answered, and ends every sentence once", () => {
    expect(logOf({ ...DELIVERY, code: "HANDLER_FAILED", status: 422 })[2]).toContain("event 1): the handler answered 422. https:");
    expect(logOf({ ...DELIVERY, code: "HANDLER_FAILED", status: undefined })[2]).toContain(": The handler failed. https:");
    expect(logOf({ ...DELIVERY, code: "HANDLER_FAILED", cause: "why", status: 500 })[2]).toContain(": The handler failed. https:");
    expect(logOf(refused({ detail: "is it the secret?" }))[2]).toContain("is it the secret? https:");
    const { message } = new ConfigurationError("secret", "it is empty");
    expect(logOf(refused({ code: "MISCONFIGURED", detail: message, id: undefined }))[2]).toBe(
      `webhook rejected, MISCONFIGURED (acme at billing): ${message}`,
    );
  });

  it("takes a notice of an error for one, and names the event", () => {
    for (const code of ["COMMIT_FAILED", "LEASE_LOST", "HANDLER_TIMEOUT"] as const)
      expect(logOf({ ...notice, code, id: "evt_1\n" })).toMatchObject([
        "error",
        { id: "evt_1\n" },
        expect.stringContaining(`${code} (acme at billing, event evt_1): claims`),
      ]);
  });

  it.each([undefined, null, {}, { info() {}, warn() {} }, "pino"])("refuses %j for a logger", (logger) => {
    expect(() => logObserver(logger as never)).toThrow(
      /^logger: logObserver was given none with a method (info|error); expected one such as/,
    );
  });

  it("hands a cause on as err", () => {
    const cause = new Error("why");
    expect(logOf(refused({ cause }))[1]).toMatchObject({ err: cause });
    expect(logOf(refused())[1]).not.toHaveProperty("err");
    expect(logOf(refused({ cause }))[1]).not.toHaveProperty("cause");
  });
});

describe("consoleObserver", () => {
  it("says one line per code and minute, and how many it kept to itself", () => {
    const lines: string[] = [];
    let now = 0;
    const observe = consoleObserver(
      (line) => lines.push(line),
      () => now,
    );
    for (let i = 0; i < 5; i++) observe(refused());
    observe(refused({ code: "HEADER_MISSING" }));
    observe(DELIVERY);
    observe(notice);
    expect(lines).toHaveLength(3);
    now = 59_999;
    observe(refused());
    now = 60_000;
    observe(refused({ cause: new Error("why") }));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^\[countersign\] webhook rejected, SIGNATURE_MISMATCH/);
    expect(lines[3]).toMatch(/ Cause: why\. \(and 5 more since\)$/);
    now = 120_000;
    observe(refused());
    expect(lines[4]).not.toContain("more since");
  });

  it("goes on where the clock was put back", () => {
    const lines: string[] = [];
    let now = 0;
    const observe = consoleObserver(
      (line) => lines.push(line),
      () => now,
    );
    observe(refused());
    now = -3_600_000;
    observe(refused());
    expect(lines).toHaveLength(2);
  });

  const lineOf = (more: Partial<DeliveryRecord>): string => {
    const lines: string[] = [];
    consoleObserver((line) => lines.push(line))(refused(more));
    return lines.join("\n");
  };

  it("says the cause, whatever was thrown, on the same line", () => {
    const aggregate = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" });
    expect(lineOf({ cause: new Error("first\r\nsecond.") })).toMatch(/ Cause: first {2}second\.$/);
    expect(lineOf({ cause: aggregate })).toMatch(/ Cause: ECONNREFUSED\.$/);
    expect(lineOf({ cause: new TypeError("") })).toMatch(/ Cause: TypeError\.$/);
    expect(lineOf({ cause: "a text" })).toMatch(/ Cause: "a text"\.$/);
    expect(lineOf({ cause: null })).toMatch(/ Cause: null\.$/);
  });

  it("does not say twice what was seen", () => {
    const cause = new ConfigurationError("now", "saw 7");
    expect(lineOf({ code: "MISCONFIGURED", detail: cause.detail, cause })).not.toContain("Cause");
  });

  it("counts a handler's time once, which a notice and a record tell", () => {
    const lines: string[] = [];
    let now = 0;
    const observe = consoleObserver(
      (line) => lines.push(line),
      () => now,
    );
    for (; now <= 60_000; now += 60_000) {
      observe({ ...notice, code: "HANDLER_TIMEOUT" });
      observe({ ...DELIVERY, code: "HANDLER_TIMEOUT", status: undefined });
    }
    expect(lines).toHaveLength(2);
    expect(lines[1]).not.toContain("more since");
  });

  it("speaks to the console by default", () => {
    const before = console.warn;
    const lines: unknown[] = [];
    console.warn = (line: unknown) => lines.push(line);
    try {
      consoleObserver()(refused());
    } finally {
      console.warn = before;
    }
    expect(lines).toHaveLength(1);
  });
});

describe("guardObserver", () => {
  it("drops what an observer throws, at once or later", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    guardObserver(() => {
      throw new Error("x");
    })(DELIVERY);
    guardObserver(() => Promise.reject(new Error("y")))(DELIVERY);
    guardObserver(async () => {})(DELIVERY);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });
});
