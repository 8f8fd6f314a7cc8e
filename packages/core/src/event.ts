import type { Claim, Keep } from "./claim/store.js";
import type { HeaderLines } from "./headers.js";
import type { SignedParts } from "./provider/signed-parts.js";

/** A verified event. What of it the signature covers is in `signed`; everything else is the sender's word, or anyone's. */
export interface WebhookEvent<Type extends string = string, Payload = unknown> {
  /** What the provider calls the event; `undefined` where it names none. */
  readonly id: string | undefined;
  /** What happened, in the provider's words; `""` where it says none. */
  readonly type: Type;
  /** When it was signed, or what the provider says of its time; `undefined` where it says nothing. */
  readonly timestamp: Date | undefined;
  /** JSON, or a form as an object; bytes of any other content type; `undefined` for an empty body. */
  readonly payload: Payload;
  /** The bytes as received. */
  readonly rawBody: Uint8Array;
  readonly headers: Headers;
  readonly provider: string;
  readonly endpoint: string;
  /** Whose secret fitted, as the resolver or the delivery says; `undefined` where there is one tenant. */
  readonly tenant: string | undefined;
  /** The secret that fitted: its position, or the name it was given. */
  readonly keyId: string;
  /**
   * Whether the same signed content was met before: by a run that goes on (`running`), or one that ended well (`done`). It is a
   * hint to look closer, never a reason to skip: the other run may have failed, or have been an attacker's.
   */
  readonly repeats: false | "running" | "done";
  /** Aborts when the lease is lost, or when the handler's time is over. */
  readonly signal: AbortSignal;
  readonly signed: SignedParts;
}

/** Event types by name, each with its payload. */
export type EventOf<M extends object> = string extends keyof M
  ? WebhookEvent
  : { [K in keyof M & string]: WebhookEvent<K, M[K]> }[keyof M & string];

/** What is known of an event once its delivery is proven. */
export interface EventFacts {
  readonly id: string | undefined;
  readonly type: string;
  /** Epoch milliseconds. */
  readonly timestamp: number | undefined;
  readonly payload: unknown;
  readonly rawBody: Uint8Array;
  readonly lines: HeaderLines;
  readonly provider: string;
  readonly endpoint: string;
  readonly tenant: string | undefined;
  readonly keyId: string;
  readonly signed: SignedParts;
}

/** The claim that an event runs under. */
export interface BoundClaim {
  readonly claim: Claim;
  readonly keep: Keep;
  /** Tells that the claim was committed inside a transaction of the user's: a renewal that finds it gone has then lost nothing. */
  entrust(): void;
}

/** What holds the lease of an event. */
interface Holder {
  readonly signal: AbortSignal;
  entrust(): void;
}

/** Makes what is dear (headers, date, signal) when it is asked for. */
export class VerifiedEvent implements WebhookEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly payload: unknown;
  readonly rawBody: Uint8Array;
  readonly provider: string;
  readonly endpoint: string;
  readonly tenant: string | undefined;
  readonly keyId: string;
  readonly repeats: false | "running" | "done";
  readonly signed: SignedParts;
  readonly #timestamp: number | undefined;
  readonly #lines: HeaderLines;
  readonly #held: Holder | undefined;
  readonly #claim: Omit<BoundClaim, "entrust"> | undefined;
  #headers: Headers | undefined;
  #never: AbortSignal | undefined;

  constructor(
    facts: EventFacts,
    repeats: false | "running" | "done" = false,
    held?: Holder | undefined,
    claim?: Omit<BoundClaim, "entrust"> | undefined,
  ) {
    this.id = facts.id;
    this.type = facts.type;
    this.payload = facts.payload;
    this.rawBody = facts.rawBody;
    this.provider = facts.provider;
    this.endpoint = facts.endpoint;
    this.tenant = facts.tenant;
    this.keyId = facts.keyId;
    this.repeats = repeats;
    this.signed = facts.signed;
    this.#timestamp = facts.timestamp;
    this.#lines = facts.lines;
    this.#held = held;
    this.#claim = claim;
  }

  get timestamp(): Date | undefined {
    return this.#timestamp === undefined ? undefined : new Date(this.#timestamp);
  }
  get headers(): Headers {
    this.#headers ??= this.#lines.toHeaders();
    return this.#headers;
  }
  get signal(): AbortSignal {
    if (this.#held !== undefined) return this.#held.signal;
    this.#never ??= new AbortController().signal;
    return this.#never;
  }

  static claimOf(event: object): BoundClaim | undefined {
    if (!(#claim in event) || event.#claim === undefined) return undefined;
    return { ...event.#claim, entrust: () => event.#held?.entrust() };
  }
}

/**
 * Tells which claim an event runs under, and for how long its commit is kept. For stores that commit inside the user's transaction.
 * `undefined` for an event that was not claimed, such as one of `verify`.
 */
export function claimOf(event: WebhookEvent): BoundClaim | undefined {
  return VerifiedEvent.claimOf(event);
}
