import type { Provider } from "@countersign/core";
import type { DeliveryOptions } from "@countersign/testing";

/** A delivery as it goes over the wire; a body is text, as all official SDKs take it. */
export interface Sent {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One kind of delivery that a provider's official SDK and ours must agree about. */
export interface Contact {
  readonly name: string;
  /** The official package, and whether it signs by itself; else its verifier vouches for the documented rule. */
  readonly sdk: string;
  readonly signs: "sdk" | "rule";
  readonly provider: Provider;
  /** The path at which the provider is mounted. */
  readonly path: string;
  /** Signs a delivery that no other call signs. */
  sign(secret?: "another"): Promise<Sent> | Sent;
  /** Asks the SDK's own verifier; it may throw. */
  verify(sent: Sent): Promise<boolean> | boolean;
  /** The same kind of delivery for `signDelivery`, which takes the first names that a provider uses; each call names another event. */
  ours?(): DeliveryOptions;
  /** The header that holds the signature, and those that it covers. */
  readonly signature: string;
  readonly covers: readonly string[];
}

let made = 0;

/** Makes a text that was not there before. */
export const fresh = (): string => `${Date.now().toString(36)}${(made++).toString(36).padStart(4, "0")}`;

export const toSeconds = (): string => String(Math.floor(Date.now() / 1000));

/** A header by its name, or nothing in it: what is not there does not verify. */
export const headerOf = ({ headers }: Sent, name: string): string => headers[name] ?? "";
