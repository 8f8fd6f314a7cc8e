import { once } from "node:events";
import { type ClientHttp2Stream, connect, constants, createServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { NodeRequest } from "../../src/adapter/node-request.js";
import { isBrokenOff, type NodeResponse, sendNodeReply } from "../../src/adapter/node-response.js";

/** Starts a server, and answers a request to it that has not ended. */
async function ask(handle: (request: Http2ServerRequest, response: Http2ServerResponse) => void): Promise<ClientHttp2Stream> {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  return client.request({ ":method": "POST", ":path": "/" });
}

describe("sendNodeReply, over HTTP/2", () => {
  it("replies before a body has ended, and sets no header that HTTP/2 does not have", async () => {
    const set: string[] = [];
    const outgoing = await ask((request, response) => {
      const { setHeader } = response;
      response.setHeader = (name, value) => {
        set.push(name);
        return setHeader.call(response, name, value);
      };
      const reply = { status: 401, headers: { "x-a": "1" }, body: "né" };
      sendNodeReply(request as unknown as NodeRequest, response as unknown as NodeResponse, reply);
    });
    outgoing.write("abc");
    let answer = "";
    outgoing.on("data", (chunk) => (answer += chunk));
    const [headers] = await once(outgoing, "response");
    outgoing.end();
    await once(outgoing, "close");
    expect([headers[":status"], answer, set]).toEqual([401, "né", ["x-a", "content-length"]]);
  });
});

describe("isBrokenOff, over HTTP/2", () => {
  it("takes a stream that the sender cancels for no failure of ours", async () => {
    const judged: boolean[] = [];
    const outgoing = await ask((request, response) => {
      request.resume();
      response.on("close", () => judged.push(isBrokenOff(request as unknown as NodeRequest, response as unknown as NodeResponse)));
      outgoing.close(constants.NGHTTP2_CANCEL);
    });
    outgoing.on("error", () => {});
    outgoing.end("abc");
    await expect.poll(() => judged).toEqual([false]);
  });
});
