/** One way to send a command, whatever the client at hand calls it. */

import { ConfigurationError } from "@countersign/core";
import { kindOf } from "./store-input.js";

/**
 * What a Redis or Valkey client must offer, one of:
 *
 * - `redis` (node-redis): a client, a pool, a cluster or a sentinel, by its `sendCommand`
 * - `ioredis`: a client or a cluster, by its `call`
 * - `@valkey/valkey-glide`: a client or a cluster client, by its `customCommand`
 * - anything else: a function `sendCommand(args)`, or an object with one, which resolves to the reply and rejects with the server's error
 */
export type RedisClient =
  | ((args: string[]) => Promise<unknown>)
  | { sendCommand(...args: never[]): Promise<unknown> }
  | { call(...args: never[]): Promise<unknown> }
  | { customCommand(...args: never[]): Promise<unknown> };

/** Sends one command, which has exactly one key or several of one slot; `key` is the first of them. */
export type SendCommand = (key: string, args: string[]) => Promise<unknown>;

type Method = (...args: unknown[]) => Promise<unknown>;

/** Tells how a client is spoken to. */
export function toSendCommand(client: RedisClient): SendCommand {
  if (typeof client === "function") {
    // Looked for first: every function has a `call`, which is not ioredis's.
    if (/^class\b/.test(Function.prototype.toString.call(client))) {
      throw new ConfigurationError(
        "client",
        `${client.name || "this"} is a class; pass an instance of it, made with \`new\` and connected.`,
      );
    }
    return (_key, args) => client(args);
  }
  const methodOf = (name: string): Method | undefined => {
    const method: unknown = (client as unknown as Record<string, unknown> | undefined)?.[name];
    return typeof method === "function" ? (method.bind(client) as Method) : undefined;
  };
  // ioredis has a `sendCommand` too, which takes something else: its `call` is looked for first.
  const custom = methodOf("customCommand");
  if (custom !== undefined) return (_key, args) => custom(args);
  const call = methodOf("call");
  if (call !== undefined) return (_key, args) => call(...args);
  const send = methodOf("sendCommand");
  if (send !== undefined) {
    if ("getSlotMaster" in client) return (key, args) => send(key, false, args);
    if ("getSentinelNode" in client) return (_key, args) => send(false, args);
    return (_key, args) => send(args);
  }
  throw new ConfigurationError(
    "client",
    `saw ${kindOf(client)}; redisStore needs a connected client of \`redis\`, \`ioredis\` or \`@valkey/valkey-glide\`, or a function sendCommand(args), or an object with one.`,
  );
}
