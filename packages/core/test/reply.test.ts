import { describe, expect, it } from "vitest";
import { CODES, type ErrorCode } from "../src/errors.js";
import { OK, toProblem } from "../src/reply.js";

const codes = Object.keys(CODES) as ErrorCode[];

describe("toProblem", () => {
  it.each(codes)("answers %s with its status, and nothing else that tells it from others", (code) => {
    const { status, headers, body } = toProblem(code);
    expect(status).toBe(CODES[code].status);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(body ?? "")).toMatchObject({ status, type: expect.stringContaining(`#${status}`), title: expect.any(String) });
    const first = codes.find((other) => CODES[other].status === status) as ErrorCode;
    expect(toProblem(code)).toEqual(toProblem(first));
    expect(body).not.toContain(code);
  });

  it("says when to send again, in whole seconds, where that can help", () => {
    expect(toProblem("CLAIM_BUSY").headers["retry-after"]).toBe("5");
    expect(toProblem("CLAIM_BUSY", { retryAfter: 2.1 }).headers["retry-after"]).toBe("3");
    expect(toProblem("CLAIM_BUSY", { retryAfter: 0 }).headers["retry-after"]).toBe("1");
    expect(toProblem("SIGNATURE_MISMATCH", { retryAfter: 9 }).headers["retry-after"]).toBeUndefined();
  });

  it("says which methods are allowed, and leaves the shared reply as it was", () => {
    expect(toProblem("METHOD_NOT_ALLOWED", { allow: "POST" }).headers.allow).toBe("POST");
    expect(toProblem("METHOD_NOT_ALLOWED").headers.allow).toBeUndefined();
  });
});

describe("OK", () => {
  it("is a bare 200", () => {
    expect(OK).toEqual({ status: 200, headers: {}, body: null });
  });
});
