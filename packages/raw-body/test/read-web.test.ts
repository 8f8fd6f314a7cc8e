import fc from "fast-check";
import { Request as UndiciRequest } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { readRawBody } from "../src/index.js";
import { codeOf, LIMITS, outcome } from "./endpoint.js";

/** A stream of these chunks that tells whether it was cancelled. */
function streamOf(chunks: readonly unknown[], end: "close" | "hang" | Error = "close") {
  const state = { cancelled: undefined as unknown };
  const rest = [...chunks];
  const stream = new ReadableStream({
    async pull(controller) {
      if (rest.length > 0) controller.enqueue(rest.shift());
      else if (end === "close") controller.close();
      else if (end === "hang") await new Promise(() => {});
      else controller.error(end);
    },
    cancel(reason) {
      state.cancelled = reason;
    },
  });
  return { stream: stream as ReadableStream<Uint8Array>, state };
}

const post = (body: BodyInit | null): Request =>
  new Request("http://localhost/hook", { method: "POST", body, duplex: "half" } as RequestInit);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("readRawBody, from web requests and streams", () => {
  it("reads a Request of the platform and of undici", async () => {
    const theirs = new UndiciRequest("http://localhost/hook", { method: "POST", body: "hello" });
    for (const request of [post("hello"), theirs]) {
      expect(await outcome(() => readRawBody(request, { ...LIMITS, contentLength: "5" }))).toEqual({ text: "hello", lossy: false });
      expect(request.bodyUsed).toBe(true);
    }
  });

  it("reads a Response", async () => {
    expect((await outcome(() => readRawBody(new Response("hello"), LIMITS))).text).toBe("hello");
  });

  it("reads a Request without a body as no bytes, at once", () => {
    expect(readRawBody(post(null), LIMITS)).toEqual({ bytes: new Uint8Array(0), lossy: false });
  });

  it("gives back any bytes in any chunking", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), async (chunks) => {
        const { bytes } = await readRawBody(streamOf(chunks).stream, LIMITS);
        expect(Buffer.from(bytes).equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("does not copy a single chunk", async () => {
    const chunk = bytes("hello");
    const body = await readRawBody(streamOf([chunk]).stream, LIMITS);
    expect(body.bytes.buffer).toBe(chunk.buffer);
  });

  it("reports every chunk", async () => {
    const seen: number[] = [];
    await readRawBody(streamOf([bytes("ab"), bytes("c")]).stream, { ...LIMITS, onChunk: (length) => seen.push(length) });
    expect(seen).toEqual([2, 1]);
  });

  it("refuses a body that somebody has read or begun to read", async () => {
    const used = post("hello");
    await used.text();
    const locked = post("hello");
    locked.body?.getReader();
    const { stream } = streamOf([]);
    stream.getReader();
    for (const source of [used, locked, stream]) {
      expect(await codeOf(source)).toBe("BODY_ALREADY_PARSED");
      expect(() => readRawBody(source, LIMITS)).toThrow("request.clone()");
    }
  });

  it("takes the rawBody of a request that somebody has read", async () => {
    const used = post("hello");
    await used.text();
    expect((await outcome(() => readRawBody(Object.assign(used, { rawBody: "hello" }), LIMITS))).text).toBe("hello");
  });

  it("accepts a body of exactly the limit, and cancels one that is a byte longer", async () => {
    expect(await codeOf(streamOf([bytes("hello")]).stream, { maxBytes: 5 })).toBe(undefined);
    const { stream, state } = streamOf([bytes("hello"), bytes("!")], "hang");
    expect(await codeOf(stream, { maxBytes: 5 })).toBe("BODY_TOO_LARGE");
    expect(state.cancelled).toMatchObject({ code: "BODY_TOO_LARGE" });
  });

  it("refuses a body that is shorter than declared", async () => {
    expect(await codeOf(post("hello"), { contentLength: "6" })).toBe("BODY_INCOMPLETE");
  });

  it("refuses a stream that fails, with its error as the cause", async () => {
    const cause = new Error("connection lost");
    const { error, code } = await outcome(() => readRawBody(streamOf([bytes("he")], cause).stream, LIMITS));
    expect(code).toBe("BODY_INCOMPLETE");
    expect((error as Error).cause).toBe(cause);
  });

  it("refuses a slow body at the deadline, and cancels it", async () => {
    const { stream, state } = streamOf([bytes("he")], "hang");
    const { error, code } = await outcome(() => readRawBody(stream, { ...LIMITS, timeout: 0.05 }));
    expect(code).toBe("BODY_TIMEOUT");
    expect(String(error)).toContain("after 0.05 s, 2 bytes were received");
    expect(state.cancelled).toBe(error);
  });

  it("waits where the timeout is longer than timers take", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) =>
        void setTimeout(() => {
          controller.enqueue(bytes("late"));
          controller.close();
        }, 20),
    });
    expect(await outcome(() => readRawBody(stream, { ...LIMITS, timeout: 2 ** 31 / 1000 }))).toEqual({ text: "late", lossy: false });
  });

  it("holds the deadline where timers are numbers", async () => {
    const original = globalThis.setTimeout;
    onTestFinished(() => {
      globalThis.setTimeout = original;
    });
    globalThis.setTimeout = ((...values: Parameters<typeof original>) => Number(original(...values))) as unknown as typeof original;
    expect(await codeOf(streamOf([], "hang").stream, { timeout: 0.05 })).toBe("BODY_TIMEOUT");
  });

  it("outlives a stream that fails to be cancelled", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes("hello")),
      cancel: () => Promise.reject(new Error("cannot")),
    });
    expect(await codeOf(stream, { maxBytes: 1 })).toBe("BODY_TOO_LARGE");
  });

  it("refuses a stream of text or of objects", async () => {
    expect(await codeOf(streamOf(["text"]).stream)).toBe("BODY_ALREADY_PARSED");
    expect(await codeOf(streamOf([{ a: 1 }]).stream)).toBe("BODY_ALREADY_PARSED");
  });

  it("reads views of another kind by their bytes", async () => {
    const view = new DataView(bytes("xhellox").buffer, 1, 5);
    expect((await outcome(() => readRawBody(streamOf([view]).stream, LIMITS))).text).toBe("hello");
  });

  it("passes on what onChunk throws, as it is", async () => {
    const full = new Error("no room for more bodies");
    const { error } = await outcome(() =>
      readRawBody(streamOf([bytes("a")]).stream, {
        ...LIMITS,
        onChunk: () => {
          throw full;
        },
      }),
    );
    expect(error).toBe(full);
  });
});
