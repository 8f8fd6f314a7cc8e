import { type BodySource, RawBodyError } from "@countersign/raw-body";

/**
 * Makes the body of a delivery whose bytes some layer has read and not kept: the delivery is refused where its body would be read.
 *
 * @param detail who read it and how to mend it, in the words of the framework, for the operator
 */
export function toParsedBody(detail: string): BodySource {
  return {
    get rawBody(): never {
      throw new RawBodyError("BODY_ALREADY_PARSED", detail);
    },
  };
}
