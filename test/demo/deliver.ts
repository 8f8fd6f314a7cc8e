/** Sends a delivery, and tells what came of it on both sides. */
import { request } from "node:http";
import type { DeliveryRecord } from "@countersign/core";
import { beginVisit } from "./visit.js";

/** A delivery as it is sent. */
export interface Sent {
  readonly method?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of a delivery. */
export interface Outcome {
  readonly verdict: string;
  /** The code of a refusal or failure, the kind of a duplicate, or that an event repeats another. */
  readonly reason: string;
  /** What the sender was answered. */
  readonly status: number | "hung up";
  /** Whether the handler ran. */
  readonly ran: boolean;
}

/** A delivery under way. */
export interface Underway {
  /** Fulfils once its handler has the event. */
  readonly started: Promise<void>;
  /** Lets a handler end that waits. */
  proceed(): void;
  /** Breaks the sender's connection off, and fulfils once it is closed. */
  hangUp(): Promise<void>;
  /** Fulfils when the verifier has recorded what came of it and the sender has its answer. */
  readonly outcome: Promise<Outcome & { readonly milliseconds: number }>;
}

/** Milliseconds after which a delivery that comes to nothing ends the demo. */
const LIMIT = 5000;

/** Starts a delivery. */
export function deliver(port: number, { method = "POST", url, headers, body }: Sent): Underway {
  const { visit, headers: named } = beginVisit();
  const begun = performance.now();
  const bytes = Buffer.from(body);
  const length = bytes.length === 0 ? {} : { "content-length": bytes.length };
  const sending = request({ port, host: "127.0.0.1", agent: false, method, path: url, headers: { ...headers, ...named, ...length } });
  const closed = new Promise<void>((resolve) => sending.once("close", resolve));
  const answered = new Promise<number | "hung up">((resolve) => {
    sending.once("response", (response) => response.resume().once("end", () => resolve(response.statusCode ?? 0)));
    sending.once("error", () => resolve("hung up"));
  });
  sending.end(bytes);
  return {
    started: visit.started,
    proceed: visit.proceed,
    async hangUp() {
      sending.destroy(new Error("the sender hangs up"));
      await closed;
    },
    outcome: within(LIMIT, `${method} ${url}`, Promise.all([answered, visit.recorded])).then(([status, record]) => ({
      verdict: record.outcome,
      reason: reasonOf(record),
      status,
      ran: visit.ran,
      milliseconds: performance.now() - begun,
    })),
  };
}

function reasonOf({ code, duplicate, repeats }: DeliveryRecord): string {
  return code ?? duplicate ?? (repeats === false ? "" : `repeats: ${repeats}`);
}

function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing came of ${what} within ${milliseconds} ms`)), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
