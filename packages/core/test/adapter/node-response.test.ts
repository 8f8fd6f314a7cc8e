import { describe, expect, it } from "vitest";
import { fromNodeRequest } from "../../src/adapter/node-request.js";
import { closeAfterReply, denySuccess, replyInstead, sendNodeReply, toFailedStatus } from "../../src/adapter/node-response.js";
import { mac, openAcme } from "../acme-verifier.js";
import { GET, start } from "./node-server.js";

const UNREAD = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc";
const REPLY = { status: 401, headers: { "x-a": "1" }, body: "né" };

describe("fromNodeRequest", () => {
  it("takes target, raw headers, body, address and protocol as they came", async () => {
    const { verifier } = openAcme({}, { https: "off" });
    const outcomes: unknown[] = [];
    const { url } = await start(async (request, response) => {
      const delivery = fromNodeRequest(request);
      const verdict = await verifier.receive(delivery);
      outcomes.push([verdict.outcome, delivery.url, delivery.address, delivery.protocol, delivery.wire]);
      sendNodeReply(request, response, verdict.reply);
    });
    const response = await fetch(`${url}/hook?a=1`, { method: "POST", body: "x", headers: { "x-sig": mac("x") } });
    expect(response.status).toBe(200);
    expect(outcomes).toEqual([["accepted", "/hook?a=1", "127.0.0.1", "http", true]]);
  });

  it("knows TLS, another target, and a socket that is gone", () => {
    const request = { method: "POST", url: "/a", rawHeaders: [], complete: true, socket: { remoteAddress: "::1", encrypted: true } };
    expect(fromNodeRequest(request)).toMatchObject({ protocol: "https", url: "/a" });
    expect(fromNodeRequest(request, "/b").url).toBe("/b");
    const bare = { method: undefined, url: undefined, rawHeaders: [], complete: true, socket: null };
    expect(fromNodeRequest(bare)).toMatchObject({ method: "", url: "", address: "", protocol: undefined });
  });
});

describe("sendNodeReply", () => {
  it("sends status, headers and body with its length in bytes", async () => {
    const { talk } = await start((request, response) => {
      request.resume().on("end", () => sendNodeReply(request, response, REPLY));
    });
    expect(await talk(GET)).toMatch(/^HTTP\/1\.1 401 .*x-a: 1.*content-length: 3\r\n.*né$/is);
  });

  it("sends nothing where a 204 has nothing, and a bodiless reply with its length", async () => {
    for (const [status, length] of [
      [204, false],
      [200, true],
    ] as const) {
      const { talk } = await start((request, response) => {
        request.resume().on("end", () => sendNodeReply(request, response, { status, headers: {}, body: null }));
      });
      expect(/content-length: 0/i.test(await talk(GET))).toBe(length);
    }
  });

  it("replies before a body has ended, and closes the connection", async () => {
    const { talk } = await start((request, response) => sendNodeReply(request, response, REPLY));
    const answer = await talk(UNREAD, "x".repeat(997));
    expect(answer).toMatch(/^HTTP\/1\.1 401 .*connection: close.*né$/is);
  });

  it("gives its reply to a sender that reads none before it has sent all", async () => {
    const { open } = await start((request, response) => sendNodeReply(request, response, REPLY));
    const socket = await open();
    const body = "x".repeat(8_000_000);
    await new Promise((resolve) => socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`, resolve));
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it("keeps the connection where the whole request has come at once, though nobody has read it", async () => {
    const { talk } = await start((request, response) => sendNodeReply(request, response, REPLY));
    const answers = await talk(`${UNREAD}${"x".repeat(997)}${GET}`);
    expect(answers).toMatch(/^HTTP\/1\.1 401 (?!.*connection: close.*HTTP).*néHTTP\/1\.1 401 .*né$/is);
  });

  it("sends a HEAD the length alone, also on a server that throws at a body for it", async () => {
    const { talk } = await start((request, response) => sendNodeReply(request, response, REPLY), { rejectNonStandardBodyWrites: true });
    const headOf = (request: string): string => request.replace(/^\w+/, "HEAD");
    const short = /^HTTP\/1\.1 401 .*content-length: 3\r\n.*\r\n\r\n$/is;
    expect(await talk(headOf(GET))).toMatch(short);
    expect(await talk(headOf(UNREAD), "x".repeat(997))).toMatch(short);
  });

  it("leaves alone what somebody else has sent while it waited for the request", async () => {
    const { talk } = await start((request, response) => {
      sendNodeReply(request, response, REPLY);
      response.setHeader("connection", "close").end("theirs");
    });
    expect(await talk(UNREAD)).toMatch(/^HTTP\/1\.1 200 .*theirs$/s);
  });

  it("leaves alone what somebody else has begun to send", async () => {
    const { talk } = await start((request, response) => {
      response.write("mine");
      sendNodeReply(request, response, REPLY);
      response.end();
      sendNodeReply(request, response, REPLY);
    });
    expect(await talk(GET)).toMatch(/^HTTP\/1\.1 200 .*mine/s);
  });
});

describe("closeAfterReply", () => {
  it("leaves a response alone whose request has come to its end", async () => {
    const { talk } = await start((request, response) => {
      request.resume().on("end", async () => {
        await closeAfterReply(request, response);
        response.end(String(response.hasHeader("connection")));
      });
    });
    expect(await talk(GET)).toMatch(/false$/);
  });

  it("cuts off no reply that is still to come before it on the same connection", async () => {
    const { talk } = await start(async (request, response) => {
      if (request.method === "POST") return sendNodeReply(request, response, REPLY);
      await new Promise((resolve) => setTimeout(resolve, 1200)); // longer than the request behind it would be drained
      response.end("first");
    });
    expect(await talk(`${GET.replace("close", "keep-alive")}${UNREAD}`)).toMatch(/^HTTP\/1\.1 200 .*firstHTTP\/1\.1 401 .*né$/s);
  });

  it("lets a framework send what it will, with a body or none", async () => {
    for (const body of ["theirs", "", null, undefined]) {
      const { talk } = await start(async (request, response) => {
        await closeAfterReply(request, response);
        response.end(body);
      });
      const answer = await talk(UNREAD, "x".repeat(997));
      expect(answer).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
      expect(answer.includes("theirs")).toBe(body === "theirs");
    }
  });
});

describe("replyInstead", () => {
  it("replies in a handler's place, and nothing it does afterwards counts", async () => {
    const { talk } = await start((request, response) => {
      request.resume().on("end", () => {
        replyInstead(request, response, REPLY);
        response.setHeader("x-late", "1");
        response.writeHead(200);
        response.write("late");
        response.end("late");
      });
    });
    expect(await talk(GET)).toMatch(/^HTTP\/1\.1 401 (?!.*late).*né$/is);
  });

  it("replies before a body has ended, and closes the connection", async () => {
    const { talk } = await start((request, response) => replyInstead(request, response, REPLY));
    expect(await talk(UNREAD, "x".repeat(997))).toMatch(/^HTTP\/1\.1 401 .*connection: close.*né$/is);
  });

  it("breaks off what has begun", async () => {
    const { talk } = await start((request, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("half", () => replyInstead(request, response, REPLY));
    });
    expect(await talk(GET)).not.toContain("401");
  });
});

describe("denySuccess", () => {
  it("makes a failure of a success, whoever says it, and leaves failures as they are", async () => {
    for (const [status, expected, phrase] of [
      [200, "500 Internal Server Error", undefined],
      [204, "500 ", "OK"],
      [404, "404 Not Found", undefined],
      [422, "422 Nope", "Nope"],
    ] as const) {
      const { talk } = await start((_, response) => {
        denySuccess(response);
        response.statusCode = status;
        if (phrase !== undefined) response.statusMessage = phrase;
        response.end();
      });
      expect(await talk(GET)).toContain(`HTTP/1.1 ${expected}`);
    }
    expect([199, 200, 299, 300, 500].map(toFailedStatus)).toEqual([199, 500, 500, 300, 500]);
  });
});
