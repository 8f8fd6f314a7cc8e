import { randomBytes } from "node:crypto";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RawBodyOptions, readRawBody } from "../src/index.js";
import { arrive, codeOf, head, LIMITS, outcome } from "./endpoint.js";

const GZIP: RawBodyOptions = { ...LIMITS, contentEncoding: "gzip", accept: ["gzip"] };
const DEFLATE: RawBodyOptions = { ...LIMITS, contentEncoding: "deflate", accept: ["deflate"] };

describe("readRawBody, with a Content-Encoding", () => {
  it("takes identity, in any case, and nothing at all for plain bytes", async () => {
    for (const contentEncoding of ["identity", "Identity", "identity, IDENTITY", "", " , "]) {
      expect(await codeOf(Buffer.from("hello"), { contentEncoding })).toBe(undefined);
    }
  });

  it("refuses a compression that is not accepted, before reading", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    for (const [contentEncoding, accept] of [
      ["gzip", undefined],
      ["GZIP, identity", []],
      ["br", ["gzip"]],
      ["compress", ["gzip", "deflate"]],
      ["x-gzip", ["deflate"]],
      ["gzip, gzip", ["gzip"]],
    ] as const) {
      expect(await codeOf(request, { contentEncoding, accept })).toBe("CONTENT_ENCODING_REFUSED");
    }
    expect(request.readableFlowing).toBe(null);
  });

  it("says what is accepted", async () => {
    const { error } = await outcome(() => readRawBody("", { ...LIMITS, contentEncoding: "br", accept: ["gzip", "deflate"] }));
    expect(String(error)).toContain("Content-Encoding is br; expected identity or gzip or deflate");
  });

  it("shows nothing of a Content-Encoding that could forge a line of a log", async () => {
    const contentEncoding = `a\nb\u009b\u202e\u2028${"c".repeat(100)}`;
    const { error } = await outcome(() => readRawBody("", { ...LIMITS, contentEncoding }));
    expect(String(error)).toContain(`Content-Encoding is ab${"c".repeat(26)}; expected identity:`);
  });

  it("inflates a request's stream", async () => {
    const body = gzipSync("hello");
    const { request } = await arrive(Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}`)), body]));
    expect(await outcome(() => readRawBody(request, { ...GZIP, contentLength: `${body.length}` }))).toEqual({
      text: "hello",
      lossy: false,
    });
  });

  it("inflates any bytes to what was compressed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (sent) => {
        expect(Buffer.from((await readRawBody(gzipSync(sent), GZIP)).bytes).equals(sent)).toBe(true);
        expect(Buffer.from((await readRawBody(deflateSync(sent), DEFLATE)).bytes).equals(sent)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("inflates x-gzip, and gzip beside identity", async () => {
    for (const contentEncoding of ["x-gzip", "GZip, identity"]) {
      expect((await outcome(() => readRawBody(gzipSync("hello"), { ...GZIP, contentEncoding }))).text).toBe("hello");
    }
  });

  it("takes no bytes for no bytes", async () => {
    expect((await outcome(() => readRawBody(new Uint8Array(0), GZIP))).text).toBe("");
  });

  it("refuses a body that inflates beyond the limit, at its exact byte", async () => {
    const body = gzipSync(randomBytes(5000));
    expect(await codeOf(body, { ...GZIP, maxBytes: body.length })).toBe(undefined);
    expect(await codeOf(gzipSync(Buffer.alloc(5000)), { ...GZIP, maxBytes: 5000 })).toBe(undefined);
    expect(await codeOf(gzipSync(Buffer.alloc(5000)), { ...GZIP, maxBytes: 4999 })).toBe("BODY_TOO_LARGE");
  });

  it("refuses a bomb by its ratio, having taken little of it in", async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    let taken = 0;
    const onChunk = (bytes: number): void => {
      taken += bytes;
    };
    const { error, code } = await outcome(() => readRawBody(bomb, { ...GZIP, maxBytes: 50_000_000, onChunk }));
    expect(code).toBe("BODY_TOO_LARGE");
    expect(String(error)).toContain("100 times");
    expect(taken).toBeLessThan(bomb.length * 110);
    expect(await codeOf(bomb, { ...GZIP, maxBytes: 50_000_000, maxRatio: 2000 })).toBe(undefined);
    expect(await codeOf(bomb, { ...GZIP, maxBytes: 50_000_000, maxRatio: Number.NaN })).toBe("BODY_TOO_LARGE");
  });

  it("does not judge the ratio of a small body", async () => {
    expect(await codeOf(gzipSync(Buffer.alloc(65_536)), { ...GZIP, maxRatio: 2 })).toBe(undefined);
    expect(await codeOf(gzipSync(Buffer.alloc(65_537)), { ...GZIP, maxRatio: 2 })).toBe("BODY_TOO_LARGE");
  });

  it("counts received and inflated bytes alike", async () => {
    const body = gzipSync("hello");
    const seen: number[] = [];
    await readRawBody(body, { ...GZIP, onChunk: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([body.length, 5]);
  });

  it("refuses data that are corrupt, cut off, or followed by anything", async () => {
    for (const [whole, options] of [
      [gzipSync("hello hello"), GZIP],
      [deflateSync("hello hello"), DEFLATE],
    ] as const) {
      const corrupt = Buffer.from(whole).fill(0xff, whole.length - 6, whole.length - 4);
      const others = [corrupt, whole.subarray(0, -3), Buffer.from("plain text")];
      const followed = [Buffer.concat([whole, Buffer.from("more")]), Buffer.concat([whole, Buffer.alloc(3)])];
      for (const body of [...others, ...followed]) expect(await codeOf(body, options)).toBe("BODY_INCOMPLETE");
    }
    expect(await codeOf(Buffer.concat([gzipSync("hello"), gzipSync("hello")]), GZIP)).toBe("BODY_INCOMPLETE");
  });

  it("refuses a compression that this runtime cannot inflate", async () => {
    const { text, code } = await outcome(() =>
      readRawBody(brotliCompressSync("hello"), { ...LIMITS, contentEncoding: "br", accept: ["br"] }),
    );
    let able = true;
    try {
      new DecompressionStream("brotli" as CompressionFormat);
    } catch {
      able = false;
    }
    expect({ text, code }).toEqual(able ? { text: "hello", code: undefined } : { text: undefined, code: "CONTENT_ENCODING_REFUSED" });
  });

  it("takes what a parser kept as inflated already", async () => {
    expect((await outcome(() => readRawBody({ rawBody: Buffer.from("hello") }, { ...GZIP, contentLength: "25" }))).text).toBe("hello");
    expect((await outcome(() => readRawBody("hello", GZIP))).text).toBe("hello");
  });

  it("has one deadline for reading and inflating", async () => {
    const body = gzipSync(randomBytes(500_000));
    const { request, client } = await arrive(head(`Content-Length: ${body.length}`));
    client.write(body);
    expect(await codeOf(request, { ...GZIP, timeout: Number.NaN })).toBe("BODY_TIMEOUT");
    expect(await codeOf(body, { ...GZIP, timeout: 0 })).toBe("BODY_TIMEOUT");
  });
});
