import type { ConfiguredProvider } from "@countersign/core/signing";
import type { PrivateKey } from "./sign-with-private-key.js";

/** A declaration, taken apart. */
export type CompiledDeclaration = ConfiguredProvider["compiled"];

/** What `signDelivery` takes. */
export interface DeliveryOptions {
  /**
   * JSON; fields of a form, where the scheme speaks of one, or `content-type` says so; parameters of the query, where there is no
   * body; or exact bytes or text.
   */
  readonly payload?: unknown;
  /** What names the event. @default what the payload holds, or a random one where the scheme signs it */
  readonly id?: string | undefined;
  /** The event's type. @default what the payload holds */
  readonly type?: string | undefined;
  /** When it is signed; a number is epoch milliseconds. @default the present */
  readonly timestamp?: Date | number | undefined;
  /** Signs where the scheme has a key pair: PEM, a JWK or a `KeyObject`. */
  readonly privateKey?: PrivateKey | undefined;
  /** Which of the declaration's `schemes`, from 0. @default the first that fits */
  readonly scheme?: number | undefined;
  /** @default the first that the provider sends */
  readonly method?: string | undefined;
  /** Path and query, or a whole URL. @default the provider's `publicUrl`, or `/` */
  readonly url?: string | undefined;
  /** Further headers. A signature among them stays as it is given. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A delivery, ready to be sent. */
export interface SignedDelivery {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A GET or a HEAD, ready to be sent: it has no body, and says all in its URL. */
export interface BodilessDelivery extends Omit<SignedDelivery, "body"> {
  readonly body?: never;
}
