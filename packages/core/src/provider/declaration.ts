/**
 * The declaration language: how a provider proves its deliveries, as data. One grammar names every text: a {@link Source}.
 * What types cannot see is checked when the declaration is compiled.
 */
import type { KeyForm, KeyPair } from "../signature/crypto.js";
import type { Encoding } from "../signature/encodings.js";
import type { Algorithm, Hmac, PlainHash } from "./algorithm.js";
import type { FetchedKeys, JwtMechanism } from "./mechanism.js";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";

// ── 1. Where a text comes from ───────────────────────────────────────────────────────────────────────────────────

/**
 * `json:a.0.b` walks the payload; the step `*` is the only element of a list (none, if there are several). `form:` is a field of a
 * form, `field:t` the `t=` item of the signature's own list, `claim:` a JWT claim. Header names are lower-case. `{option:x}` inside
 * a source is a name that the user chooses (`"header:{option:header}"`).
 */
export type Source =
  | `header:${Lowercase<string>}`
  | `query:${string}`
  | `json:${string}`
  | `form:${string}`
  | `field:${string}`
  | `claim:${string}`;

/** One source; a list is a composite of all; `either` is the first that is there; `keyBesides` the one other top-level JSON key. */
export type Pick =
  | Source
  | readonly [Source, Source, ...Source[]]
  | { readonly either: readonly [Source, Source, ...Source[]] }
  | { readonly keyBesides: readonly string[] };

// ── 2. Templates: text with {atoms}; `[...]` is dropped when an atom in it is missing; elsewhere a missing atom refuses ──
// (brackets with no atom in them are text)

/**
 * `url` is the configured origin, with the received query, and the received path unless `publicUrl` names one. `publicUrl` is the
 * configured URL, verbatim. `params` are the form's parameters, sorted by name, name and value run together. `timestamp` and `id`
 * are the texts that they were read from.
 */
type Atom = "body" | "method" | "url" | "publicUrl" | "params" | "timestamp" | "id" | Source;
/** `port` and `portless` write a URL with and without its scheme's standard port. */
type Filter = "lower" | "unescape" | "crc32" | "port" | "portless" | `sha256-${Encoding}` | `hmac-${Encoding}`;

type BadAtoms<T, Ok> = T extends `${infer _}{${infer A}}${infer Rest}` ? BadAtom<A, Ok> | BadAtoms<Rest, Ok> : never;
type BadAtom<A, Ok> = A extends `${infer S}|${infer F}` ? (S extends Ok ? (F extends Filter ? never : A) : A) : A extends Ok ? never : A;
type Checked<T, Ok> = [BadAtoms<T, Ok>] extends [never] ? T : `no such atom: {${BadAtoms<T, Ok> & string}}`;
type Mentions<T, A extends string> = T extends `${string}{${A}${"}" | "|"}${string}` ? true : never;

/**
 * Conditions on a delivery, all of which must hold: present, absent, or equal to a template (compared in constant time). A `body` is
 * `json` where its first character opens an object or a list, whatever its content type claims, and else `form`.
 */
export type Match<T extends string = string> = { readonly method?: Method; readonly body?: "json" | "form" } & {
  // `${T}` is inferred alike beside a boolean and without one
  readonly [S in Source]?: `${T}` | boolean;
};

// ── 3. The parts of a scheme ─────────────────────────────────────────────────────────────────────────────────────

/** A prefix is stripped, and required unless `optional`; `*` in it stands for letters and digits. */
export type SecretForm = "utf8" | Encoding | { readonly prefix: string; readonly encoding: "utf8" | Encoding; readonly optional?: true };
export type PublicKeyForm = KeyForm | { readonly prefix: string; readonly encoding: KeyForm };

export interface Signature {
  /** `{n}` in a header name counts from 1. Several places: each adds candidates. */
  readonly from: Source | readonly [Source, Source, ...Source[]];
  /** The value is a list. Items without the prefix are no candidates (other versions, fields). */
  readonly separator?: "," | ";" | " " | "&";
  readonly prefix?: string;
  readonly encoding: Encoding;
  /** The header may come on several lines, each with candidates. */
  readonly repeats?: true;
  /** @default 16 */
  readonly maxCandidates?: number;
}

/** A shared token or JWT. `encoding` undoes Basic. */
export interface Token {
  readonly from: Source;
  readonly prefix?: string;
  readonly encoding?: "base64";
}

export interface Timestamp {
  readonly from: Source;
  /** `epoch` takes seconds or milliseconds, told apart by magnitude, for providers seen to send both. */
  readonly unit: "s" | "ms" | "epoch" | "iso";
  /** Seconds. `unchecked`: the time of the event, or unsigned; reported, never judged. */
  readonly tolerance: number | { readonly past: number; readonly future: number } | "unchecked";
}

/** What the claim's key rests on where no signed id names the event. */
export interface Recurrence {
  /**
   * What of the signed content cannot honestly recur: the `body` by itself (an id of its own stands in it), only the timestamp or
   * nonce and the body together (`stamped`), or nothing.
   * @default "nothing"
   */
  readonly unique?: "body" | "stamped" | "nothing";
  /** Whether each retry is signed anew; left out where nobody knows. */
  readonly signedAnew?: boolean;
}

// ── 4. Schemes: the algorithm decides which words are there ──────────────────────────────────────────────────────

type Words<A, C, O> = A extends Hmac
  ? Shared & { readonly secret: SecretForm; readonly signature: Signature; readonly content: Content<C, O, Atom> }
  : A extends PlainHash
    ? Shared & { readonly secret: "utf8"; readonly signature: Signature; readonly content: Content<C, O, Atom | "secret", "secret"> }
    : A extends KeyPair
      ? { readonly publicKey: PublicKeyForm | FetchedKeys; readonly signature: Signature; readonly content: Content<C, O, Atom> }
      : A extends "token"
        ? Shared & Bearer & { readonly secret: "utf8" }
        : A extends "jwt-hs256"
          ? Shared & Bearer & { readonly secret: SecretForm; readonly mechanism: JwtMechanism }
          : Bearer & { readonly publicKey: PublicKeyForm | FetchedKeys; readonly mechanism: JwtMechanism };
type Shared = { readonly publicKey?: never };
type Bearer = { readonly token: Token; readonly content?: never };
type Content<C, O, Ok, Must extends string = never> = [Must] extends [never]
  ? OneOrSorted<Checked<C, Ok | OptionAtom<O>>>
  : [Mentions<C, Must>] extends [never]
    ? `a plain hash proves nothing without {${Must}}`
    : OneOrSorted<Checked<C, Ok | OptionAtom<O>>>;
/** `sorted`: parts sorted as bytes, then joined. */
type OneOrSorted<T> = T | { readonly sorted: readonly T[] };
type OptionAtom<O> = `option:${keyof O & string}`;

export type Scheme<A = Algorithm, C = string, K = unknown, R extends string = string, O = Record<string, OptionKind>> = {
  readonly algorithm: A;
  readonly content?: C | { readonly sorted: readonly C[] }; // for inference; Words narrows it
  readonly publicKey?: K;
  /** Further conditions a genuine delivery meets. */
  readonly require?: Match<R>;
  /** Which deliveries this scheme speaks for, when a provider has several. */
  readonly when?: Match<R>;
  readonly type?: Pick;
  /** Names the tenant where tenants share a secret. */
  readonly tenant?: Source;
} & Recurrence &
  Words<A, C, O> &
  ([Mentions<C, "timestamp">] extends [never] ? { readonly timestamp?: Timestamp } : { readonly timestamp: Timestamp }) &
  /** What names the event: equal in all its retries, and no other event's. */
  ([Mentions<C, "id">] extends [never] ? { readonly id?: Pick } : { readonly id: Source });

// ── 5. The whole declaration ─────────────────────────────────────────────────────────────────────────────────────

export type OptionKind = "text" | "secret" | { readonly default: string };
/** JSON whose strings are templates. */
type Json<T extends string> = `${T}` | boolean | number | null | undefined | readonly Json<T>[] | { readonly [key: string]: Json<T> };
export type ReplyWords<T extends string = string> = {
  readonly status?: number;
  readonly headers?: Readonly<Record<Lowercase<string>, `${T}`>>;
} & ({ readonly text?: `${T}`; readonly json?: never } | { readonly json: Json<T>; readonly text?: never });

export interface Handshake<T extends string = string> {
  /** What tells it from every other delivery. */
  readonly when: Match<T>;
  /** Verified like any delivery unless the provider does not sign it. */
  readonly unsigned?: true;
  /** A secret that the provider hands over here; goes to the user's `onSecret`, without which the handshake is refused. */
  readonly learns?: Source;
  readonly reply: ReplyWords<T>;
}

export interface About<O = Record<string, OptionKind>, T extends string = string> {
  readonly name: string;
  /** The provider's page on its signatures. */
  readonly docs?: `https://${string}`;
  /** The day on which the declaration was last held against the provider's page or SDK, as `YYYY-MM-DD`. */
  readonly checked?: `${number}-${number}-${number}`;
  /** @default ["POST"], and the methods of the handshakes. */
  readonly methods?: readonly Method[];
  /**
   * Where the payload stands, if it is not the whole body: JSON in a form's field, an item inside an envelope. `json:` starts there.
   * A form field applies when the body is a form. `"json"` says that the body is JSON, where no source does.
   */
  readonly payload?: "json" | `form:${string}` | `json:${string}`;
  /** What else the user configures. */
  readonly options?: O;
  readonly handshake?: readonly Handshake<T>[];
  /** What an accepted delivery is answered. @default 200, no body */
  readonly success?: ReplyWords<T>;
  /** Seconds: to answer in, and over which deliveries are retried. */
  readonly answerWithin?: number;
  readonly retriesFor?: number;
  /** Where the provider publishes the addresses it sends from. */
  readonly sources?: `https://${string}` | readonly string[];
  /** Bytes; raises the verifier's default for a provider that sends more. */
  readonly maxBytes?: number;
}

/** One of several schemes of a provider, as {@link scheme} makes it. */
export interface SchemePart<N> {
  readonly needs?: N;
  readonly scheme: AnyScheme;
}

export type Declaration<A extends Algorithm, C, K, R extends string, O, N> = About<O, R> & {
  readonly algorithm?: A;
  readonly schemes?: readonly SchemePart<N>[];
} & ([A] extends [never]
    ? { readonly schemes: readonly SchemePart<N>[]; readonly id?: Pick; readonly type?: Pick; readonly tenant?: Source } & Recurrence
    : Scheme<A, C, K, R, O> & { readonly schemes?: never });

// ── 6. What the user must configure follows from the declaration ─────────────────────────────────────────────────

export type Needs<A, C, K, R> =
  | (A extends KeyPair | "jwt-rs256" | "jwt-es256" ? (K extends FetchedKeys ? "fetchKey" : "publicKey") : "secret")
  | NeedsUrl<C | R>;
export type NeedsUrl<T> = [Mentions<T, "url" | "publicUrl">] extends [never] ? never : "publicUrl";

// ── 7. The same words, as the compiler sees them ─────────────────────────────────────────────────────────────────

export interface AnyScheme extends Recurrence {
  readonly algorithm: Algorithm;
  readonly secret?: SecretForm;
  readonly publicKey?: PublicKeyForm | FetchedKeys;
  readonly mechanism?: JwtMechanism;
  readonly signature?: Signature;
  readonly token?: Token;
  readonly content?: string | { readonly sorted: readonly string[] };
  readonly require?: Match;
  readonly when?: Match;
  readonly timestamp?: Timestamp;
  readonly id?: Pick;
  readonly type?: Pick;
  readonly tenant?: Source;
}
export type AnyDeclaration = About & Partial<AnyScheme> & { readonly schemes?: readonly SchemePart<unknown>[] };
