/** A TCP proxy that breaks connections on demand. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What a proxy lets through. */
export interface FaultyProxy {
  readonly port: number;
  /** Resets the next connection that gets a reply, after so many bytes of it: the request has arrived, its answer has not. */
  cutNextReply(afterBytes: number): void;
  /** Holds replies back for so long; at 0 all that are held leave at once, in their order. */
  slowReplies(milliseconds: number): void;
  /** Resets all connections and refuses new ones, until `mend`. */
  sever(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of a loopback port. */
export async function startFaultyProxy(target: number): Promise<FaultyProxy> {
  let cut: number | undefined;
  let delay = 0;
  const held: { readonly client: Socket; readonly data: Buffer; readonly until: number }[] = [];
  let severed = false;
  const letGo = (): void => {
    while (held[0] !== undefined && (delay === 0 || held[0].until <= performance.now())) {
      const { client, data } = held.shift()!;
      client.write(data);
    }
  };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (severed) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data: Buffer) => {
      if (cut !== undefined) {
        client.write(data.subarray(0, cut));
        cut = undefined;
        client.resetAndDestroy();
      } else if (delay === 0) client.write(data);
      else {
        held.push({ client, data, until: performance.now() + delay });
        setTimeout(letGo, delay + 1).unref();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A TCP server without a port.");
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: address.port,
    cutNextReply(afterBytes) {
      cut = afterBytes;
    },
    slowReplies(milliseconds) {
      delay = milliseconds;
      letGo();
    },
    sever() {
      severed = true;
      reset();
    },
    mend() {
      severed = false;
    },
    async close() {
      reset();
      server.close();
      await once(server, "close");
    },
  };
}
