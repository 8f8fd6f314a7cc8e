/**
 * Mechanisms: what few presets need and the language has no words for, as imported functions of a fixed shape. Who does not import
 * one does not pay for it.
 */

import type { KeyPair, PublicKey, SecretKey } from "../signature/crypto.js";
import type { Algorithm } from "./algorithm.js";

/** What a JWT mechanism is asked. */
export interface JwtQuestion {
  readonly algorithm: Algorithm;
  /** The token, without its prefix. */
  readonly token: string;
  readonly keys: readonly (SecretKey | PublicKey)[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The position of the key that fits and the claims; `undefined` where none fits or the token is not in order. */
export type JwtAnswer = { readonly key: number; readonly claims: Readonly<Record<string, unknown>> } | undefined;

/** Verifies a JSON Web Token against keys that are already at hand. */
export interface JwtMechanism {
  readonly mechanism: "jwt";
  verify(question: JwtQuestion): JwtAnswer | Promise<JwtAnswer>;
}

/** The user's own way to fetch what stands behind a URL. */
export type FetchKey = (url: string) => Promise<string>;

/** Fetches and caches keys by URL and algorithm, in the form that the declaration names. */
export interface KeyFetcher {
  readonly mechanism: "keys";
  keys(url: string, declared: FetchedKeys, fetchKey: FetchKey | undefined, algorithm: KeyPair): Promise<readonly PublicKey[]>;
}

/** A key behind a URL. A URL that the delivery itself names needs the hosts it may point at. */
export type FetchedKeys = {
  readonly as: "jwks" | "pem" | "certificate";
  readonly at?: `json:${string}`;
  readonly mechanism: KeyFetcher;
} & (
  | { readonly url: `https://${string}`; readonly hosts?: never; readonly subject?: never }
  | { readonly url: `header:${string}` | `json:${string}`; readonly hosts: readonly [string, ...string[]]; readonly subject?: string }
);
