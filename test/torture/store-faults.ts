/** What befalls a store, and how it recovers. */

import type { FaultyProxy } from "../servers/start-faulty-proxy.js";
import type { TestServer } from "../servers/start-server.js";

/** One way to fail. */
export interface StoreFault {
  readonly name: string;
  /** Which of the receivers meets it: the one connected to the server itself, or the one behind a proxy. */
  readonly way: "straight" | "through the proxy";
  /** Seconds for which it goes on after the deliveries were answered: a client's pauses between tries grow. */
  readonly lasts: number;
  begin(): unknown;
  end(): unknown;
  /** How many deliveries meet it at once. */
  readonly deliveries: number;
}

const SLOW = 10_000;

export function storeFaults(server: TestServer, proxy: FaultyProxy): readonly StoreFault[] {
  return [
    { name: "frozen", way: "straight", deliveries: 30, lasts: 0, begin: () => server.pause(), end: () => server.resume() },
    {
      name: "slow by 10 s",
      way: "through the proxy",
      deliveries: 30,
      lasts: 0,
      begin: () => proxy.slowReplies(SLOW),
      end: () => proxy.slowReplies(0),
    },
    // One delivery, so that the connection cut is its own.
    {
      name: "reset in the middle of a reply",
      way: "through the proxy",
      deliveries: 1,
      lasts: 0,
      begin: () => proxy.cutNextReply(2),
      end: () => undefined,
    },
    { name: "cut off", way: "through the proxy", deliveries: 30, lasts: 0, begin: () => proxy.sever(), end: () => proxy.mend() },
    { name: "down", way: "straight", deliveries: 30, lasts: 4, begin: () => server.kill(), end: () => server.restart() },
  ];
}
