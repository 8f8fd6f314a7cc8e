import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { type ClientHttp2Stream, connect, createServer, type Http2ServerRequest } from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type NodeStream, RawBodyError, readRawBody } from "../src/index.js";
import { arrive, closed, codeOf, head, LIMITS, listen, listeners, outcome } from "./endpoint.js";

describe("readRawBody, from a Node request", () => {
  it("reads a body that came in one packet", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    expect(await outcome(() => readRawBody(request, { ...LIMITS, contentLength: "5" }))).toEqual({ text: "hello", lossy: false });
  });

  it("answers a plain Uint8Array, whatever the number of chunks", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    const { bytes } = await readRawBody(request, LIMITS);
    expect(bytes.constructor).toBe(Uint8Array);
  });

  it("reads a request without a body as no bytes", async () => {
    const { request } = await arrive("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await outcome(() => readRawBody(request, LIMITS))).toEqual({ text: "", lossy: false });
  });

  it("keeps a character whole that is split across packets", async () => {
    const euro = Buffer.from("10 €");
    const { request, client } = await arrive(head(`Content-Length: ${euro.length}`));
    client.write(euro.subarray(0, 4));
    const seen: number[] = [];
    const reading = readRawBody(request, {
      ...LIMITS,
      onChunk: (bytes) => {
        if (seen.push(bytes) === 1) client.write(euro.subarray(4));
      },
    });
    expect(Buffer.from((await reading).bytes).equals(euro)).toBe(true);
    expect(seen).toEqual([4, 2]);
  });

  it("joins the chunks of a chunked transfer", async () => {
    const { request } = await arrive(`${head("Transfer-Encoding: chunked")}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`);
    expect((await outcome(() => readRawBody(request, LIMITS))).text).toBe("abcde");
  });

  it("leaves the chunk alone that the next pipelined request begins in", async () => {
    const { request } = await arrive(`${head("Content-Length: 2")}abGET / HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect((await outcome(() => readRawBody(request, LIMITS))).text).toBe("ab");
  });

  it("serves a client that waits for 100 Continue", async () => {
    const port = await listen(async (request, response) => {
      const { bytes } = await readRawBody(request, LIMITS);
      response.end(bytes);
    });
    const client = httpRequest({ port, method: "POST", headers: { expect: "100-continue", "content-length": 2 } });
    client.flushHeaders();
    await once(client, "continue");
    client.end("hi");
    const [response] = await once(client, "response");
    expect(Buffer.concat(await response.toArray()).toString()).toBe("hi");
  });

  it("removes its listeners after a body", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    const before = listeners(request);
    await readRawBody(request, LIMITS);
    expect(listeners(request)).toEqual(before);
  });

  it("accepts a body of exactly the limit and refuses one byte more", async () => {
    const body = "x".repeat(100_000);
    for (const [maxBytes, code] of [
      [100_000, undefined],
      [99_999, "BODY_TOO_LARGE"],
    ] as const) {
      const { request } = await arrive(`${head("Transfer-Encoding: chunked")}186a0\r\n${body}\r\n0\r\n\r\n`);
      expect(await codeOf(request, { maxBytes })).toBe(code);
    }
  });

  it("refuses every body where the limit is no number", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    expect(await codeOf(request, { maxBytes: Number.NaN })).toBe("BODY_TOO_LARGE");
  });

  it("stops taking bytes in once it has refused, and swallows a later abort", async () => {
    const { request, client } = await arrive(`${head("Content-Length: 50")}0123456789`);
    expect(await codeOf(request, { maxBytes: 9 })).toBe("BODY_TOO_LARGE");
    expect(request.isPaused()).toBe(true);
    expect(listeners(request).slice(0, 2)).toEqual([0, 0]);
    client.destroy();
    await closed(request);
  });

  it("refuses a declared length over the limit without reading", async () => {
    const { request } = await arrive(`${head("Content-Length: 10")}0123456789`);
    expect(await codeOf(request, { contentLength: "10", maxBytes: 9 })).toBe("BODY_TOO_LARGE");
    expect(request.readableFlowing).toBe(null);
  });

  it("does not believe a declared length that is too small", async () => {
    const { request } = await arrive(`${head("Transfer-Encoding: chunked")}a\r\n0123456789\r\n0\r\n\r\n`);
    expect(await codeOf(request, { contentLength: "1", maxBytes: 9 })).toBe("BODY_TOO_LARGE");
  });

  it("refuses a declared length that is no number", async () => {
    for (const contentLength of ["", "-1", "1e3", "5, 5", "0x10"]) {
      expect(await codeOf(Readable.from([Buffer.from("hello")]), { contentLength })).toBe("BODY_INCOMPLETE");
    }
  });

  it("refuses a body that is shorter than declared", async () => {
    const { request } = await arrive(`${head("Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`);
    const { error, code } = await outcome(() => readRawBody(request, { ...LIMITS, contentLength: "4" }));
    expect(code).toBe("BODY_INCOMPLETE");
    expect(String(error)).toContain("3 of 4 declared bytes");
  });

  it("refuses a body whose sender hangs up half-way", async () => {
    for (const contentLength of ["10", undefined]) {
      const { request, client } = await arrive(`${head("Content-Length: 10")}01234`);
      const { code, error } = await outcome(() => readRawBody(request, { ...LIMITS, contentLength, onChunk: () => client.destroy() }));
      expect(code).toBe("BODY_INCOMPLETE");
      expect(String(error)).toContain(contentLength ? "5 of 10 declared bytes" : "after 5 bytes");
    }
  });

  it("refuses a request that was aborted before anybody read it", async () => {
    const { request, client } = await arrive(`${head("Content-Length: 10")}01234`);
    client.destroy();
    await closed(request);
    expect(await codeOf(request)).toBe("BODY_INCOMPLETE");
  });

  it("refuses a slow body at one total deadline, however steadily it drips", async () => {
    const { request, client } = await arrive(head("Content-Length: 1000"));
    const drip = setInterval(() => client.write("x"), 20);
    const started = performance.now();
    const { code, error } = await outcome(() => readRawBody(request, { ...LIMITS, timeout: 0.2, contentLength: "1000" }));
    clearInterval(drip);
    expect(code).toBe("BODY_TIMEOUT");
    expect(String(error)).toContain("of 1000 declared bytes");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("passes on what onChunk throws, as it is", async () => {
    const full = new Error("no room for more bodies");
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    const { error } = await outcome(() =>
      readRawBody(request, {
        ...LIMITS,
        onChunk: () => {
          throw full;
        },
      }),
    );
    expect(error).toBe(full);
  });

  it("reads a request that somebody has paused", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    request.pause();
    expect((await outcome(() => readRawBody(request, LIMITS))).text).toBe("hello");
  });

  it("reads beside somebody who listens without having begun", async () => {
    const { request } = await arrive(`${head("Content-Length: 5")}hello`);
    let seen = 0;
    request.on("data", (chunk: Buffer) => {
      seen += chunk.length;
    });
    expect((await outcome(() => readRawBody(request, LIMITS))).text).toBe("hello");
    expect(seen).toBe(5);
  });
});

describe("readRawBody, from any Node stream", () => {
  it("gives back any bytes in any chunking", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 40 }), async (chunks) => {
        const { bytes } = await readRawBody(Readable.from(chunks, { objectMode: true }), LIMITS);
        expect(Buffer.from(bytes).equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("gives back a body that comes byte by byte", async () => {
    const sent = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251));
    const { bytes } = await readRawBody(Readable.from(Array.from(sent, (byte) => Buffer.of(byte))), LIMITS);
    expect(Buffer.from(bytes).equals(sent)).toBe(true);
  });

  it("refuses a stream that fails, with its error as the cause", async () => {
    const cause = new Error("decryption failed");
    const stream = new PassThrough();
    const reading = outcome(() => readRawBody(stream, LIMITS));
    stream.destroy(cause);
    const { error, code } = await reading;
    expect(code).toBe("BODY_INCOMPLETE");
    expect((error as RawBodyError).cause).toBe(cause);
  });

  it("refuses a stream that is destroyed half-way, which tells no error", async () => {
    const stream = new PassThrough();
    stream.write("ab");
    const reading = codeOf(stream, { timeout: 5 });
    await once(stream, "data");
    stream.destroy();
    expect(await reading).toBe("BODY_INCOMPLETE");
  });

  it("swallows a failure after its refusal", async () => {
    const stream = new PassThrough();
    stream.write("0123456789");
    expect(await codeOf(stream, { maxBytes: 5 })).toBe("BODY_TOO_LARGE");
    stream.destroy(new Error("later"));
    await closed(stream);
  });

  it("refuses a stream that decodes its bytes", async () => {
    const decoding = new PassThrough().setEncoding("utf8");
    const objects = Readable.from([{ a: 1 }]);
    const text = Readable.from(["text"]);
    for (const stream of [decoding, objects, text]) expect(await codeOf(stream)).toBe("BODY_ALREADY_PARSED");
  });

  it("refuses a stream that somebody is reading", async () => {
    const stream = new PassThrough();
    stream.write("ab");
    stream.read(1);
    expect(await codeOf(stream)).toBe("BODY_ALREADY_PARSED");
  });

  it("takes a stream that ended without data for an empty body", async () => {
    const stream = Readable.from([]).resume();
    await once(stream, "end");
    expect(await outcome(() => readRawBody(stream, LIMITS))).toEqual({ text: "", lossy: false });
  });

  it("refuses a stream that is over where its implementation does not say more", async () => {
    const ended = new PassThrough().end("ab").resume();
    await once(ended, "close");
    const old: NodeStream = Object.assign(Object.create(null), {
      on: () => {},
      removeListener: () => {},
      pause: () => {},
      resume: () => {},
      readable: false,
    });
    expect(await codeOf(ended)).toBe("BODY_ALREADY_PARSED");
    expect(await codeOf(old)).toBe("BODY_ALREADY_PARSED");
  });

  it("refuses an HTTP/2 request that was reset, though its stream claims a regular end", async () => {
    const { outgoing, request } = await arriveOverHttp2();
    outgoing.close(8);
    await closed(request);
    expect(await codeOf(request)).toBe("BODY_INCOMPLETE");
  });

  it("refuses an HTTP/2 body that is reset while it is read, though its stream then claims a regular end", async () => {
    const { outgoing, request } = await arriveOverHttp2();
    const reading = codeOf(request);
    await once(request, "data");
    outgoing.destroy();
    expect(await reading).toBe("BODY_INCOMPLETE");
  });

  it("names itself in its errors", async () => {
    const { error } = await outcome(() => readRawBody(Readable.from([Buffer.from("hello")]), { ...LIMITS, maxBytes: 1 }));
    expect(error).toBeInstanceOf(RawBodyError);
    expect(error).toMatchObject({ name: "RawBodyError", code: "BODY_TOO_LARGE", detail: expect.stringContaining("raise maxBytes") });
    expect((error as RawBodyError).message).toBe(`BODY_TOO_LARGE: ${(error as RawBodyError).detail}`);
  });
});

/** A request over HTTP/2 as a server meets it, with three bytes of a body that goes on. */
async function arriveOverHttp2(): Promise<{ outgoing: ClientHttp2Stream; request: Http2ServerRequest }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    client.destroy();
    server.close();
    await once(server, "close");
  });
  const outgoing = client.request({ ":method": "POST", ":path": "/" });
  outgoing.on("error", () => {});
  outgoing.write("abc");
  const [request] = await once(server, "request");
  return { outgoing, request };
}
