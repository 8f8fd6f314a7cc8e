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
  /** Refuses a declared length before anything is read. */
  checkDeclared(headers: HeaderLines): void;
  /** @throws Refusal */
  read(delivery: Delivery, headers: HeaderLines): Promise<Body>;
}

const only = (headers: HeaderLines, name: string): string | undefined => {
  const [first, second] = headers.values(name);
  if (second !== undefined) throw new Refusal("HEADER_DUPLICATED", `${name} came twice`);
  return first;
};

/** Makes the reader of one receiver. */
export function createBodyReader({ maxBytes, maxBytesInFlight, bodyTimeout, contentEncodings }: Settled): BodyReader {
  let inFlight = 0;
  return {
    checkDeclared(headers) {
      const declared = only(headers, "content-length");
      if (declared !== undefined && /^\d+$/.test(declared) && Number(declared) > maxBytes)
        throw new Refusal("BODY_TOO_LARGE", `${declared} bytes were declared, and maxBytes allows ${maxBytes}`);
    },
    async read({ body }, headers) {
      let mine = 0;
      const onChunk = (bytes: number): void => {
        mine += bytes;
        inFlight += bytes;
        if (inFlight > maxBytesInFlight)
          throw new Refusal(
            "OVERLOADED",
            `more than ${maxBytesInFlight} bytes of bodies are being read; raise maxBytesInFlight or add instances`,
            { retryAfter: 5 },
          );
      };
      try {
        const reading = readRawBody(body, {
          maxBytes,
          timeout: bodyTimeout,
          contentLength: only(headers, "content-length"),
          contentEncoding: headers.values("content-encoding").join(", ") || undefined,
          accept: contentEncodings,
          onChunk,
        });
        return reading instanceof Promise ? await reading : reading;
      } catch (error) {
        if (error instanceof RawBodyError) throw new Refusal(error.code, error.detail);
        throw error;
      } finally {
        inFlight -= mine;
      }
    },
  };
}
