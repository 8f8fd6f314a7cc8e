import { createReadStream } from "node:fs";
import { IncomingMessage, type ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { describe, expect, it } from "vitest";
import { isBrokenOff, outcomeOf } from "../../src/adapter/node-response.js";
import { GET, type Listener, start } from "./node-server.js";

describe("outcomeOf", () => {
  const outcome = async (
    act: Listener,
    client: (open: () => Promise<Socket>) => Promise<unknown>,
    options?: ServerOptions,
  ): Promise<unknown> => {
    let settle = (_: Promise<number>): void => {};
    const settled = new Promise<number>((resolve, reject) => {
      settle = (made) => void made.then(resolve, reject);
    });
    const { open } = await start((request, response) => {
      settle(outcomeOf(request, response));
      return act(request, response);
    }, options);
    await client(open);
    return settled.catch((error: Error) => error.message);
  };
  const ask = async (open: () => Promise<Socket>): Promise<Socket> => {
    const socket = await open();
    socket.write(GET);
    return socket;
  };

  it("is the status of a response that is ended", async () => {
    expect(await outcome((_, response) => response.writeHead(201).end("x"), ask)).toBe(201);
  });

  it("is the status of one that had ended before", async () => {
    let made: Promise<number> | undefined;
    const { talk } = await start((request, response) => {
      response.statusCode = 202;
      response.end();
      made = outcomeOf(request, response);
    });
    await talk(GET);
    expect(await made).toBe(202);
  });

  it.each<[string, Listener]>([
    ["its response", (_, response) => response.destroy()],
    ["its socket", (request) => request.socket.destroy()],
    ["its response, over a file that is missing", (_, response) => pipeline(createReadStream("/is/missing"), response, () => {})],
  ])("is a failure where our own side breaks off %s, once the request was read", async (_, breakOff) => {
    const act: Listener = (request, response) => request.resume().on("end", () => breakOff(request, response));
    expect(await outcome(act, ask)).toBe("the response was broken off before its end");
  });

  it("is a failure where it was broken off before", async () => {
    const made: Promise<number>[] = [];
    const broken = new Promise<void>((resolve) => {
      void start((request, response) => {
        request.resume().on("end", () => response.destroy());
        response.on("close", () => resolve(void made.push(outcomeOf(request, response))));
      }).then(({ talk }) => talk(GET));
    });
    await broken;
    await expect(made[0]).rejects.toThrow("the response was broken off before its end");
  });

  it("is a failure where a response without a socket is broken off, as a bridge from another platform makes one", async () => {
    const request = new IncomingMessage(null as unknown as Socket);
    const response = new ServerResponse(request);
    const made = outcomeOf(request, response);
    response.destroy();
    response.emit("close");
    await expect(made).rejects.toThrow("the response was broken off before its end");
  });

  it.each<[string, (socket: Socket) => unknown]>([
    ["hung up", (socket) => socket.destroy()],
    ["reset the connection", (socket) => socket.resetAndDestroy()],
    ["gone on with what is no HTTP", (socket) => socket.write("nonsense\r\n\r\n")],
    ["begun another request and not ended it", (socket) => socket.write("GET /")],
  ])("waits for the handler's own end where the sender has %s", async (_, goOn) => {
    const act: Listener = (request, response) => {
      request.resume().on("end", () => goOn(sender));
      request.socket.on("close", () => {
        expect(isBrokenOff(request, response)).toBe(false);
        response.statusCode = 203;
        response.end();
      });
    };
    let sender!: Socket;
    const client = async (open: () => Promise<Socket>): Promise<void> => {
      sender = await open();
      sender.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    };
    expect(await outcome(act, client, { headersTimeout: 50, connectionsCheckingInterval: 20 })).toBe(203);
  });
});
