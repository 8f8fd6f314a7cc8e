/**
 * The words of the conformance suite.
 *
 * A case has two sides. Its `stage` is made where the server runs: a verifier and what its handler does. Its `run` is the sender,
 * and knows the server by a port and by {@link Report}s alone. So a server may stand in the same process, or in another runtime
 * that imports the same cases: there it calls {@link createStages} too, mounts each stage at its path, and answers control messages
 * at a route of its own.
 */
import type { Verifier, VerifierOptions, WebhookEvent } from "@countersign/core";
import type { Clock } from "../clock.js";

/** `webhook(verifier, handler)` or `webhook(verifier)` with what follows it. */
export type Form = "handler" | "middleware";

/**
 * What a harness can do. What it lacks is a reported skip.
 *
 * - `sockets`: a real listening server: chunks, aborts, lying lengths
 * - `streams`: nothing reads the body before the adapter does
 * - `any-type`: bodies of every content type, and of none, reach the adapter
 * - `closes`: a reply to a body that has not come can close the connection
 * - `raw-target`: the request target arrives as it was written, absolute form included
 * - `addresses`: the peer's address is the socket's
 * - `methods`: every method reaches the route
 * - `background`: a handler goes on after its sender has hung up
 * - `parsed-first`, `parsed-kept`: a stage may ask for a JSON parser in front, without and with `keepRawBody`
 * - `error-handler`: a stage may ask for an application error handler that answers 200
 * - `silent`: what follows the middleware can end without a reply
 * - `break-off`: a handler can destroy its own response
 * - `answers-first`: a handler can answer before it has ended
 */
export type Trait =
  | "sockets"
  | "streams"
  | "any-type"
  | "closes"
  | "raw-target"
  | "addresses"
  | "methods"
  | "background"
  | "parsed-first"
  | "parsed-kept"
  | "error-handler"
  | "silent"
  | "break-off"
  | "answers-first";

/**
 * What a handler does in the end. A harness translates it: nothing (`undefined`) is no answer of the handler form, and a plain 200
 * of what follows the middleware; `status` is an empty reply, and `after` is waited for once that was given, by the handler itself
 * (`answers-first`); `silent` ends without any; `break-off` destroys the response after its head and some bytes were sent, `drop`
 * before.
 */
export type Answer = undefined | { readonly status: number; after?(): Promise<void> } | "silent" | "break-off" | "drop";

/** What a stage is made with, on the server's side. */
export interface Site {
  readonly clock: Clock;
  /** Fulfils once the sender has opened the gate; looks again and again, so that no request waits for another's promise. */
  gate(): Promise<void>;
}

/** The server's side of a case. */
export interface StageWords {
  /** `now` and `observe` are the stage's; `https` is `"off"` unless `https` or `trustedProxies` is given. */
  verifier(site: Site): Omit<VerifierOptions, "now" | "observe">;
  /** @default answers nothing */
  handle?(event: WebhookEvent, site: Site): Promise<Answer>;
  /** A parser in front of the route (`parsed-first`, `parsed-kept`). */
  readonly parser?: "json" | "json-kept";
  /** The application's error handler answers 200 (`error-handler`). */
  readonly errorsAnswer200?: true;
}

/** A case's verifier and handler, to be mounted at `path`. */
export interface Stage {
  /** Such as `/c/12`. */
  readonly path: string;
  readonly verifier: Verifier;
  readonly parser: "json" | "json-kept" | undefined;
  /** Whether its handler may answer by itself, for frameworks where that has to be declared. */
  readonly answers: boolean;
  readonly errorsAnswer200: boolean;
  /** To be called by the mounted handler with the event; what it fulfils with is to be answered. */
  handle(event: WebhookEvent): Promise<Answer>;
}

/** An accepted event, as its handler saw it. */
export interface SeenEvent {
  readonly id: string | undefined;
  readonly type: string;
  /** Epoch milliseconds. */
  readonly timestamp: number | undefined;
  readonly payload: unknown;
  /** The raw body in hex. */
  readonly body: string;
  readonly tenant: string | undefined;
  readonly keyId: string;
  readonly repeats: false | "running" | "done";
  readonly signed: WebhookEvent["signed"];
}

/** A record of the observer, without what JSON cannot hold. */
export interface SeenRecord {
  readonly kind: "delivery" | "notice";
  readonly outcome: string | undefined;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly duplicate: string | undefined;
  readonly repeats: false | "running" | "done" | undefined;
}

/** What became of a stage so far. */
export interface Report {
  /** One for each run of the handler, in order. */
  readonly accepted: readonly SeenEvent[];
  /** How many runs have ended, in whatever way. */
  readonly ended: number;
  /** How many runs saw their signal abort. */
  readonly aborted: number;
  readonly records: readonly SeenRecord[];
  /** Everything that was recorded or logged, as JSON, as inspected, and as a log's lines. */
  readonly shown: string;
  /** Whether a `close()` that was asked for has fulfilled. */
  readonly closed: boolean;
}

/** What the sender's side may ask of a stage; each is answered with a report. */
export type Control = { readonly do: "report" | "open" | "close" } | { readonly do: "advance"; readonly seconds: number };

/** A running server with all stages mounted. */
export interface Server {
  /** Where it listens on 127.0.0.1; `undefined` where there is no socket. */
  readonly port: number | undefined;
  /** Passes a message on to the stage at a path. */
  control(path: string, message: Control): Promise<Report>;
  /** Sends a request where there is no socket. */
  send?(request: RawRequest): Promise<RawResponse>;
  close(): Promise<void>;
}

/** Brings an adapter on its framework to the suite. */
export interface Harness {
  readonly name: string;
  readonly traits: readonly Trait[];
  readonly forms: readonly Form[];
  /** Traits that it lacks in one form alone. */
  readonly without?: Partial<Record<Form, readonly Trait[]>>;
  /** Starts one server that has every stage of `createStages()` mounted in that form. */
  open(form: Form): Promise<Server>;
}

/** A request as it goes over the wire: nothing is added but what is said here. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** In this order and case. `Host` and `Connection: close` are put in front unless given. */
  readonly headers: readonly (readonly [string, string])[];
  /** Several pieces are written one by one. */
  readonly body: Uint8Array | readonly Uint8Array[];
  /** How the body is framed. A number is sent as `Content-Length`, true or not. @default its length */
  readonly framing?: "chunked" | "none" | number | undefined;
}

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** A connection whose bytes the case writes itself. */
export interface Connection {
  write(bytes: Uint8Array | string): Promise<void>;
  /**
   * Writes the bytes again and again until the other side has closed. Rejects if it has not after a while, or once it has taken
   * more than `limit` bytes.
   */
  writeUntilClosed(bytes: Uint8Array, limit: number): Promise<void>;
  /** Ends our side, and leaves the other open. */
  end(): void;
  /** Resets the connection. */
  destroy(): void;
  /** Fulfils with the reply; rejects if the connection ends without one. */
  readonly response: Promise<RawResponse>;
}
