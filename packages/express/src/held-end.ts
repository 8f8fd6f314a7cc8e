import { isBrokenOff } from "@countersign/core/adapter";
import type { Request, Response } from "express";

/** A response whose end waits until the claim is settled, as session middleware does. */
export interface HeldEnd {
  /** Fulfils when the response was ended. Rejects when our own side broke it off. */
  readonly ended: Promise<void>;
  /** Fulfils when it was ended, and the handler waits for the end to have happened. */
  readonly awaited: Promise<void>;
  /** Fulfils when the connection is gone. */
  readonly closed: Promise<void>;
  /** The status that was answered, or begun to be answered. */
  status(): number | undefined;
  /** Whether a response has begun, or a stream runs into it, without its end. */
  isUnderWay(): boolean;
  /** Ends the response as it was asked to. */
  letGo(): void;
  /** Forgets what was answered, so that somebody else may answer. */
  drop(): void;
}

/** Holds the end of a response. What is written before it leaves at once. */
export function holdEnd(req: Request, res: Response): HeldEnd {
  const { end, statusCode } = res;
  const restoreFirst = takeHead(res);
  const finishers = res.listenerCount("finish");
  let answered: { readonly values: unknown[]; readonly status: number; restore(): void } | undefined;
  let isPiped = false;
  let closed!: () => void;
  let awaited!: () => void;
  const whenClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const whenAwaited = new Promise<void>((resolve) => {
    awaited = resolve;
  });
  const whenEnded = new Promise<void>((resolve, reject) => {
    const judge = (): void => {
      if (answered === undefined && isBrokenOff(req, res)) reject(new Error("the handler broke off its response"));
      else closed();
    };
    const hold = (...values: unknown[]): Response => {
      if (answered !== undefined) return res;
      answered = { values, status: res.statusCode, restore: takeHead(res) };
      resolve();
      // who waits for `finish` would wait for ever, if the end waited for them
      if (typeof values.at(-1) === "function" || res.listenerCount("finish") > finishers) awaited();
      else res.on("newListener", (name) => name === "finish" && awaited());
      return res;
    };
    res.end = hold as Response["end"];
    res.once("close", judge);
    res.once("pipe", () => {
      isPiped = true;
    });
  });
  whenEnded.catch(() => {});

  return {
    ended: whenEnded,
    awaited: whenAwaited,
    closed: whenClosed,
    status() {
      if (answered !== undefined) return answered.status;
      if (isBrokenOff(req, res)) throw new Error("the handler broke off its response");
      return res.headersSent || res.statusCode !== statusCode ? res.statusCode : undefined;
    },
    isUnderWay: () => answered === undefined && (isPiped || res.headersSent) && !res.destroyed,
    letGo() {
      res.end = end;
      answered?.restore();
      (end as (...values: unknown[]) => unknown).apply(res, answered?.values ?? []);
    },
    drop() {
      res.end = end;
      restoreFirst();
    },
  };
}

/** Remembers status and headers, which may be changed until the end really happens. */
function takeHead(res: Response): () => void {
  const { statusCode, statusMessage } = res;
  const headers = res.getHeaders();
  return () => {
    if (res.headersSent) return;
    res.statusCode = statusCode;
    res.statusMessage = statusMessage;
    for (const name of res.getHeaderNames()) if (headers[name] === undefined) res.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && value !== res.getHeader(name)) res.setHeader(name, value);
    }
  };
}
