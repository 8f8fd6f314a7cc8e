import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setImmediate as later } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { fromNodeRequest } from "../../src/adapter/node-request.js";
import { replyInstead } from "../../src/adapter/node-response.js";
import { serveHeld } from "../../src/adapter/serve-held.js";
import { mac, openAcme } from "../acme-verifier.js";
import { recordingStore } from "../claim/recording-store.js";
import { FAILURES, type Handler, SUCCESSES, setStatus } from "./held-handlers.js";

const closing: (() => unknown)[] = [];
const uncaught: unknown[] = [];
const catchAll = (error: unknown): void => void uncaught.push(error);
process.on("uncaughtException", catchAll);
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await later();
  expect(uncaught.splice(0)).toEqual([]);
});

type OnResponse = (response: ServerResponse) => void;
type Hold = (request: object, fail: (error: unknown) => boolean) => void;

/** A server whose one route is a handler; what it throws is answered by `onThrow`, or with the reply of ours. */
async function start(
  handle: Handler,
  { onThrow, hold, before, ...options }: { onThrow?: OnResponse; hold?: Hold; before?: OnResponse; handlerTimeout?: number } = {},
) {
  const store = recordingStore();
  const { verifier, records } = openAcme({ id: "json:id" }, { store, https: "off", ...options });
  const thrown: unknown[] = [];
  const server = createServer(async (request, response) => {
    response.setHeader("x-server", "ours");
    before?.(response);
    const failed = await serveHeld(verifier, fromNodeRequest(request), handle, request, response, hold);
    if (failed === undefined) return;
    thrown.push(failed.error);
    if (onThrow === undefined) replyInstead(request, response, failed.reply);
    else onThrow(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  const body = '{"id":"e1","type":"t"}';
  const send = (signature = mac(body)): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/`, { method: "POST", body, headers: { "x-sig": signature } });
  return { store, records, thrown, send, port, text: `content-length: ${body.length}\r\nx-sig: ${mac(body)}\r\n\r\n${body}` };
}

const settled = (calls: readonly string[]): string | undefined => calls.filter((call) => call !== "renew")[1];

describe("serveHeld", () => {
  it.each(Object.keys(SUCCESSES))("commits after handlers that answer %s", async (title) => {
    const [handle, status, text] = SUCCESSES[title] ?? expect.unreachable();
    const { send, store } = await start(handle);
    const response = await send();
    expect([response.status, await response.text(), response.headers.get("x-server")]).toEqual([status, text, "ours"]);
    expect(settled(store.calls)).toBe("commit");
  });

  it.each(Object.keys(FAILURES))("releases after handlers that answer %s", async (title) => {
    const [handle, status, text] = FAILURES[title] ?? expect.unreachable();
    const { send, store } = await start(handle);
    const response = await send();
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(settled(store.calls)).toBe("release");
  });

  it.each<[string, Handler]>([
    ["its response", async (_e, _q, r) => void r.destroy()],
    ["its response later, in a callback", (_e, _q, r) => void setImmediate(() => r.destroy())],
    ["its socket", async (_e, q) => void q.socket.destroy()],
    ["a success that has begun", async (_e, _q, r) => void r.write("one", () => r.destroy())],
  ])("releases after a handler that breaks off %s", async (_, handle) => {
    const { send, store, records } = await start(handle);
    const released = store.next("release");
    await expect(send().then((response) => response.text())).rejects.toThrow();
    await released;
    expect(records.at(-1)).toMatchObject({ code: "HANDLER_FAILED", cause: { message: "the handler broke off its response" } });
  });

  it.each<[string, Handler]>([
    ["a status that it only set", async (_e, _q, r) => setStatus(r, 409)],
    ["a failure that had begun", async (_e, _q, r) => void r.writeHead(409).write("no")],
  ])("lets nothing that a handler does later spoil %s", async (_, handle) => {
    let late: (() => void) | undefined;
    const { send } = await start(async (event, request, response) => {
      late = () => response.setHeader("x-late", "1") && response.write("late") && response.end();
      await handle(event, request, response);
    });
    const response = await send();
    late?.();
    expect([response.status, await response.text()]).toEqual([409, expect.stringMatching(/^(no)?$/)]);
  });

  it("hands on what a handler threw, and the response as it was before", async () => {
    const fault = new Error("out of stock");
    const { send, store, thrown } = await start(
      async (_e, _q, r) => {
        r.statusMessage = "Fine";
        r.setHeader("x-server", "theirs").setHeader("x-one", "1").end("fine");
        throw fault;
      },
      { onThrow: (response) => response.end(`status ${response.statusCode}`) },
    );
    const response = await send();
    const { headers, statusText } = response;
    expect([headers.get("x-server"), headers.get("x-one"), statusText, await response.text()]).toEqual(["ours", null, "OK", "status 200"]);
    expect([settled(store.calls), thrown]).toEqual(["release", [fault]]);
  });

  it("takes word of a failure that the handler does not throw, until it has answered or ended", async () => {
    const fault = new Error("no such file");
    const heard: boolean[] = [];
    let fail!: (error: unknown) => boolean;
    const hold: Hold = (_request, says) => {
      fail = says;
    };
    const handlers: Handler[] = [
      (_e, _q, _r) => void setImmediate(() => heard.push(fail(fault), fail(fault))),
      async (_e, _q, r) => {
        r.end("fine");
        heard.push(fail(fault));
      },
    ];
    const { send, store, thrown } = await start((e, q, r) => handlers.shift()?.(e, q, r), { hold });
    expect((await send()).status).toBe(500);
    expect((await send()).status).toBe(200);
    heard.push(fail(fault));
    expect([heard, thrown]).toEqual([[true, true, false, false], [fault]]);
    expect(store.calls.filter((call) => call !== "renew")).toEqual(["claim", "release", "claim", "commit"]);
  });

  it.each(["nothing", "a status without an end"])(
    "waits for an end that an app has delayed, after handlers that answer %s",
    async (title) => {
      const [handle, status] = SUCCESSES[title] ?? FAILURES[title] ?? expect.unreachable();
      const before = (response: ServerResponse): void => {
        const { end } = response;
        response.end = () => {
          setImmediate(() => Reflect.apply(end, response, []));
          return response;
        };
      };
      const { send } = await start(handle, { before });
      expect((await send()).status).toBe(status);
    },
  );

  it("waits for a handler that listens behind its end, but not for that", async () => {
    const { send, store } = await start(async (_e, _q, r) => {
      r.end("fine").on("close", () => {});
      await later();
      throw new Error("out of stock");
    });
    expect((await send()).status).toBe(500);
    expect(settled(store.calls)).toBe("release");
  });

  it("breaks off a success that had begun when the handler threw", async () => {
    const { send, store } = await start(async (_e, _q, r) => {
      r.write("begun");
      throw new Error("out of stock");
    });
    await expect(send().then((response) => response.text())).rejects.toThrow();
    expect(settled(store.calls)).toBe("release");
  });

  it("keeps the head that the first end had, whatever is set while it waits", async () => {
    const { send } = await start(async (_e, _q, r) => {
      r.setHeader("x-one", "1").setHeader("x-two", ["2", "3"]);
      r.end("two");
      r.setHeader("x-one", "late").setHeader("x-late", "1");
    });
    const { headers } = await send();
    expect([headers.get("x-one"), headers.get("x-two"), headers.get("x-late")]).toEqual(["1", "2, 3", null]);
  });

  it("replies itself where no handler runs", async () => {
    const { send, thrown } = await start(() => expect.unreachable());
    expect((await send("00")).status).toBe(401);
    expect(thrown).toEqual([]);
  });

  it("replies once the handler's time is over, and what it does later comes to nothing", async () => {
    let response: ServerResponse | undefined;
    const { send, records } = await start(
      (_e, _q, r) => {
        response = r;
      },
      { handlerTimeout: 0.02 },
    );
    const reply = await send();
    response?.setHeader("x-late", "1").writeHead(200).end("late");
    expect([reply.status, (await reply.text()).includes("late")]).toEqual([500, false]);
    expect(records.at(-1)?.code).toBe("HANDLER_TIMEOUT");
  });

  it.each<[string, (response: ServerResponse, hangUp: () => void) => unknown]>([
    [
      "while it works",
      (response, hangUp) => {
        hangUp();
        return once(response, "close");
      },
    ],
    ["before the end of a success that had begun", (response, hangUp) => void response.write("begun", hangUp)],
  ])("takes the handler's word where the sender hangs up %s", async (_, handle) => {
    let hangUp = (): void => {};
    const { port, text, store } = await start(async (_e, _q, response) => handle(response, hangUp));
    const socket = connect(port, "127.0.0.1");
    hangUp = () => void socket.resetAndDestroy();
    const committed = store.next("commit");
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${text}`);
    await committed;
  });
});
