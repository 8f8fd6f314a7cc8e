import { createOverlay } from "./lay-over.js";
import type { NodeRequest } from "./node-request.js";
import { isBrokenOff, isSuccess, type NodeResponse, shutOutHandler } from "./node-response.js";

/** The part of Node's `ServerResponse` that is needed to hold it. */
export interface HoldableResponse extends NodeResponse {
  statusMessage: string;
  getHeaders(): Readonly<Record<string, HeaderValue | undefined>>;
  setHeader(name: string, value: HeaderValue): unknown;
  removeHeader(name: string): unknown;
  listenerCount(event: string): number;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
}

type HeaderValue = number | string | readonly string[];

/** A response whose end waits until the claim is settled, as session middleware does. */
export interface HeldEnd {
  /** Fulfils when the response was ended. Rejects when our own side broke it off. */
  readonly ended: Promise<void>;
  /** Fulfils when it was ended, and the handler waits for the end to have happened. Rejects when the handler has failed by other ways than its own. */
  readonly awaited: Promise<void>;
  /** Fulfils when the connection is gone. */
  readonly closed: Promise<void>;
  /** Says that the handler has failed. Answers whether that still counts: it has neither answered nor ended. */
  fail(error: unknown): boolean;
  /** The status that was answered, or begun to be answered. */
  status(): number | undefined;
  /** Whether a stream runs into the response, or a success has begun, without its end. */
  isUnderWay(): boolean;
  /** Ends the response as it was asked to; for a handler that did not ask, nothing it still does to it counts. */
  letGo(): void;
  /** Forgets what was answered, so that somebody else may answer. */
  drop(): void;
}

/** Holds the end of a response. What is written before it leaves at once. */
export function holdEnd(request: NodeRequest, response: HoldableResponse): HeldEnd {
  const { statusCode } = response;
  const end = response.end as (...values: unknown[]) => unknown;
  const restoreFirst = takeHead(response);
  const finishers = response.listenerCount("finish");
  let answered: { readonly values: unknown[]; readonly status: number; restore(): void; open(): void } | undefined;
  let isPiped = false;
  let closed!: () => void;
  let awaited!: () => void;
  let failed!: (error: unknown) => void;
  let isOver = false;
  const whenClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const whenAwaited = new Promise<void>((resolve, reject) => {
    awaited = resolve;
    failed = reject;
  });
  const whenEnded = new Promise<void>((resolve, reject) => {
    const judge = (): void => {
      if (answered === undefined && isBrokenOff(request, response)) reject(brokenOff());
      else closed();
    };
    response.end = (...values: unknown[]) => {
      answered = { values, status: response.statusCode, restore: takeHead(response), open: closeBehind(response) };
      response.end = behind;
      resolve();
      // who waits for `finish` would wait for ever, if the end waited for them
      if (typeof values.at(-1) === "function" || response.listenerCount("finish") > finishers) awaited();
      else response.on("newListener", (name) => name === "finish" && awaited());
      return response;
    };
    response.on("close", judge);
    response.on("pipe", () => {
      isPiped = true;
    });
  });
  whenEnded.catch(() => {});

  return {
    ended: whenEnded,
    awaited: whenAwaited,
    closed: whenClosed,
    fail(error) {
      if (isOver || answered !== undefined) return false;
      whenAwaited.catch(() => {});
      failed(error);
      return true;
    },
    status() {
      if (answered !== undefined) return answered.status;
      if (isBrokenOff(request, response)) throw brokenOff();
      return response.headersSent || response.statusCode !== statusCode ? response.statusCode : undefined;
    },
    isUnderWay() {
      // a failure that has begun is one, however it ends
      const isBegun = response.headersSent && isSuccess(response.statusCode);
      return answered === undefined && (isPiped || isBegun) && response.destroyed !== true;
    },
    letGo() {
      isOver = true;
      response.end = end;
      answered?.open();
      answered?.restore();
      end.apply(response, answered?.values ?? []);
      // an app's own `end` that takes its time needs the methods
      if (answered === undefined && response.headersSent) shutOutHandler(response);
    },
    drop() {
      isOver = true;
      response.end = end;
      answered?.open();
      restoreFirst();
    },
  };
}

/** What a response does behind an end that is held: nothing. Who waits for it waits for the end. */
function behind(this: HoldableResponse, ...values: unknown[]): HoldableResponse {
  const done = values.at(-1);
  if (typeof done === "function") this.on("finish", () => done());
  return this;
}

/** Else what comes behind an end would leave before it, and a second head in the place of the first. */
const closeBehind = createOverlay({ write: behind, writeHead: behind, flushHeaders: behind });

const brokenOff = (): Error => new Error("the handler broke off its response");

/** Remembers status and headers, which may be changed until the response really leaves; answers how to put them back. */
export function takeHead(response: HoldableResponse): () => void {
  const { statusCode, statusMessage } = response;
  const headers = response.getHeaders();
  return () => {
    if (response.headersSent) return;
    response.statusCode = statusCode;
    response.statusMessage = statusMessage;
    const now = response.getHeaders();
    for (const name in now) if (!(name in headers)) response.removeHeader(name);
    for (const name in headers) if (headers[name] !== now[name]) response.setHeader(name, headers[name] as HeaderValue);
  };
}
