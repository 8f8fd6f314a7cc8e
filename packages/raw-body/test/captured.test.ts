import { createRequire } from "node:module";
import express from "express";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BodySource, keepRawBody, readRawBody } from "../src/index.js";
import { codeOf, dial, head, LIMITS, listen, outcome } from "./endpoint.js";

// The older line has no types of its own; what is used of it here is the same.
const express4 = createRequire(import.meta.url)("express4") as typeof express;

describe("readRawBody, from what is at hand", () => {
  it("answers bytes as they are, at once and not copied", () => {
    const bytes = Buffer.from("hello");
    expect(readRawBody(bytes, LIMITS)).toEqual({ bytes, lossy: false });
    expect((readRawBody(bytes, LIMITS) as { bytes: Uint8Array }).bytes).toBe(bytes);
  });

  it("gives back any bytes under any kind of view", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (sent) => {
        const { buffer } = Uint8Array.from(sent);
        for (const source of [buffer, new DataView(buffer), new Uint16Array(buffer), new BigInt64Array(buffer)]) {
          expect(readRawBody(source, LIMITS)).toEqual({ bytes: Uint8Array.from(sent), lossy: false });
        }
      }),
    );
  });

  it("takes a string as UTF-8", () => {
    expect(readRawBody("10 €", LIMITS)).toEqual({ bytes: new TextEncoder().encode("10 €"), lossy: false });
  });

  it("calls a string lossy that holds a replacement character or half a pair", () => {
    for (const [text, lossy] of [
      ["a\uFFFDb", true],
      ["a\uD800b", true],
      ["😀", false],
    ] as const) {
      expect((readRawBody(text, LIMITS) as { lossy: boolean }).lossy).toBe(lossy);
    }
  });

  it("calls a string lossy whose length is not the declared one", () => {
    for (const [text, contentLength, lossy] of [
      ["hello", "5", false],
      ["10 €", "6", false],
      ["hello", "8", true], // a byte order mark was skipped
      ["caf\u00e9", "4", true], // another charset
    ] as const) {
      expect(readRawBody(text, { ...LIMITS, contentLength })).toMatchObject({ lossy });
      expect(readRawBody({ rawBody: text }, { ...LIMITS, contentLength })).toMatchObject({ lossy });
    }
  });

  it("does not measure a string that was inflated", () => {
    const inflated = { ...LIMITS, contentLength: "40", contentEncoding: "gzip", accept: ["gzip"] as const };
    expect(readRawBody({ rawBody: "hello" }, inflated)).toMatchObject({ lossy: false });
  });

  it("takes null and undefined for no bytes", () => {
    for (const source of [null, undefined]) expect(readRawBody(source, LIMITS)).toEqual({ bytes: new Uint8Array(0), lossy: false });
  });

  it("takes the rawBody of an object", async () => {
    expect((await outcome(() => readRawBody({ rawBody: Buffer.from("hello") }, LIMITS))).text).toBe("hello");
    expect(await outcome(() => readRawBody({ rawBody: "h\uFFFD" }, LIMITS))).toMatchObject({ lossy: true });
  });

  it("holds bytes and text against the limit, by their bytes", async () => {
    for (const source of [Buffer.from("hello"), "hello", "€€"] as BodySource[]) {
      const size = Buffer.from(source as string).length;
      expect(await codeOf(source, { maxBytes: size })).toBe(undefined);
      expect(await codeOf(source, { maxBytes: size - 1 })).toBe("BODY_TOO_LARGE");
    }
  });

  it("refuses fewer bytes than declared, but no text", async () => {
    expect(await codeOf(Buffer.from("hello"), { contentLength: "6" })).toBe("BODY_INCOMPLETE");
    expect(await codeOf(null, { contentLength: "6" })).toBe("BODY_INCOMPLETE");
    expect(await codeOf({ rawBody: Buffer.from("hello") }, { contentLength: "6" })).toBe("BODY_INCOMPLETE");
    expect(await codeOf("hello", { contentLength: "6" })).toBe(undefined);
  });

  it("reports the bytes once", async () => {
    const seen: number[] = [];
    for (const source of [Buffer.from("hello"), "€"]) await readRawBody(source, { ...LIMITS, onChunk: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([5, 3]);
  });

  it("throws at once what onChunk throws", () => {
    const full = new Error("no room for more bodies");
    const onChunk = (): void => {
      throw full;
    };
    expect(() => readRawBody("hello", { ...LIMITS, onChunk })).toThrow(full);
  });

  it("refuses what was parsed, and says how to mend it", async () => {
    const sources = [{}, { id: 1 }, [1], { body: null }, { body: {} }, { type: "Buffer", data: [1] }, 5, true, () => {}];
    for (const source of sources as unknown as BodySource[]) {
      const { error, code } = await outcome(() => readRawBody(source, LIMITS));
      expect(code).toBe("BODY_ALREADY_PARSED");
      expect(String(error)).toContain("before the body parsers");
    }
  });
});

describe.each([
  ["Express 5", express],
  ["Express 4", express4],
])("keepRawBody and readRawBody, behind the parsers of %s", (_name, framework) => {
  /** Posts a body to an app with this parser, and answers what a route behind it reads. */
  async function post(parser: express.RequestHandler | undefined, body: string | Buffer, type = "application/json", lines: string[] = []) {
    const app = framework();
    if (parser) app.use(parser);
    const result = new Promise<Awaited<ReturnType<typeof outcome>>>((resolve, reject) => {
      app.post("/hook", async (request, response) => {
        resolve(await outcome(() => readRawBody(request, { ...LIMITS, contentLength: request.headers["content-length"] })));
        response.end();
      });
      const failed: express.ErrorRequestHandler = (error, _request, response, _next) => {
        reject(error);
        response.end();
      };
      app.use(failed);
    });
    const client = await dial(await listen(app));
    client.write(head(`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`, ...lines));
    client.write(body);
    return result;
  }

  it("reads the stream where no parser ran", async () => {
    expect(await post(undefined, '{"a": 1}')).toEqual({ text: '{"a": 1}', lossy: false });
  });

  it("reads the stream where a parser passed the request over, though it left a body of {}", async () => {
    expect(await post(framework.json(), "hello", "text/plain")).toEqual({ text: "hello", lossy: false });
  });

  it("reads an empty body as no bytes behind a parser", async () => {
    expect(await post(framework.json(), "")).toEqual({ text: "", lossy: false });
  });

  it("refuses a body that a parser has read", async () => {
    const { error, code } = await post(framework.json(), '{"a": 1}');
    expect(code).toBe("BODY_ALREADY_PARSED");
    expect(String(error)).toContain("a parsed object");
    expect((await post(framework.json(), "[1]")).error).toMatchObject({ detail: expect.stringContaining("a parsed array") });
    expect((await post(framework.urlencoded({ extended: false }), "a=1", "application/x-www-form-urlencoded")).code).toBe(
      "BODY_ALREADY_PARSED",
    );
  });

  it("takes the bytes that a parser kept", async () => {
    expect(await post(framework.json({ verify: keepRawBody }), '{"a":  1}')).toEqual({ text: '{"a":  1}', lossy: false });
    const form = framework.urlencoded({ extended: false, verify: keepRawBody });
    expect(await post(form, "a=%41", "application/x-www-form-urlencoded")).toEqual({ text: "a=%41", lossy: false });
  });

  it("takes the bytes of a raw parser, and the text of a text parser", async () => {
    expect(await post(framework.raw({ type: "*/*" }), "hello")).toEqual({ text: "hello", lossy: false });
    expect(await post(framework.text({ type: "*/*" }), "hello")).toEqual({ text: "hello", lossy: false });
  });

  it("calls the text of a text parser lossy that has skipped a byte order mark, or read another charset", async () => {
    const text = framework.text({ type: "*/*" });
    expect(await post(text, "\ufeff{}")).toEqual({ text: "{}", lossy: true });
    expect(await post(text, Buffer.from("caf\u00e9", "latin1"), "text/plain; charset=iso-8859-1")).toMatchObject({ lossy: true });
  });

  it("takes a rawBody of text over the body, once the stream is read", async () => {
    const keepText: express.RequestHandler = (request, _response, next) => {
      request.setEncoding("utf8");
      let text = "";
      request.on("data", (chunk: string) => {
        text += chunk;
      });
      request.on("end", () => {
        Object.assign(request, { rawBody: text, body: "other" });
        next();
      });
    };
    expect(await post(keepText, "hello")).toEqual({ text: "hello", lossy: false });
  });

  it("refuses a request that was read with nothing left", async () => {
    const drop: express.RequestHandler = (request, _response, next) => {
      request.on("end", () => next()).resume();
    };
    const { error, code } = await post(drop, "hello");
    expect(code).toBe("BODY_ALREADY_PARSED");
    expect(String(error)).toContain("nothing is left of the body");
  });
});
