/** What a receiver is told, and what it tells. */

/** Clients of a server on a loopback port. */
export type ServerClient = "redis" | "ioredis" | "pg Pool" | "postgres.js";

/** How a receiver reaches its store. */
export type StorePlan = { readonly client: ServerClient; readonly port: number } | { readonly client: "libsql"; readonly file: string };

/** What a receiver is started with. Times are seconds. */
export interface ReceiverPlan {
  readonly store: StorePlan;
  readonly lease: number;
  readonly storeTimeout: number;
}

/** What an event asks of its handler: to work for so many milliseconds, or until it is told how to end. */
export type Work = number | "until told";

/** To a receiver. */
export type Command =
  | { readonly say: "end"; readonly event: string; readonly how: "success" | "failure" }
  | { readonly say: "sync"; readonly number: number };

/** From a receiver. What it did before a `synced` was told before it. */
export type Report =
  | { readonly say: "listening"; readonly port: number }
  | { readonly say: "started" | "finished"; readonly event: string }
  | { readonly say: "synced"; readonly number: number; readonly codes: Readonly<Record<string, number>> };

/** The secret that the sender and every receiver share. */
export const SECRET = "torture-secret-0123456789abcdef";
