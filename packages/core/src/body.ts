import { RawBodyError, readRawBody } from "@countersign/raw-body";
import type { Delivery } from "./delivery.js";
import { Refusal } from "./errors.js";
import type { HeaderLines } from "./headers.js";
import type { Settled } from "./options.js";

/** The exact bytes of a delivery's body. */
export interface Body {
  readonly bytes: Uint8Array;
  /** Somebody else decoded it, and lost something on the way. */
  readonly lossy: boolean;
}

/** Reads bodies within the limits of one receiver, all bodies under way together included. */
export interface BodyReader {
  /**
   * Refuses a declared length over the limit before anything is read.
   * @throws Refusal, at once or by rejection
   */
  read(delivery: Delivery, headers: HeaderLines): Body | Promise<Body>;
}

/** Makes the reader of one receiver. */
export function createBodyReader({ maxBytes, maxBytesInFlight, bodyTimeout, contentEncodings }: Settled): BodyReader {
  let inFlight = 0;
  const overloaded = `bodies of over ${maxBytesInFlight} bytes are being read; raise maxBytesInFlight or add instances`;

  return {
    read({ body }, headers) {
      let taken = 0;
      const onChunk = (bytes: number): void => {
        taken += bytes;
        inFlight += bytes;
        if (inFlight > maxBytesInFlight) throw new Refusal("OVERLOADED", overloaded);
      };
      const limits = {
        maxBytes,
        timeout: bodyTimeout,
        contentLength: headers.only("content-length"),
        contentEncoding: headers.first("content-encoding") === undefined ? undefined : headers.values("content-encoding").join(", "),
        accept: contentEncodings,
        onChunk,
      };
      const finish = (read: Body): Body => {
        inFlight -= taken;
        return read;
      };
      const refuse = (error: unknown): never => {
        inFlight -= taken;
        throw error instanceof RawBodyError ? new Refusal(error.code, error.detail) : error;
      };
      let reading: Body | Promise<Body>;
      try {
        reading = readRawBody(body, limits);
      } catch (error) {
        return refuse(error);
      }
      return reading instanceof Promise ? reading.then(finish, refuse) : finish(reading);
    },
  };
}
