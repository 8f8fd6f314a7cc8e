import { type BodySource, RawBodyError } from "@countersign/raw-body";
import type { Delivery } from "../delivery.js";

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

/**
 * Refuses a delivery that a `webhook` in front has accepted already: it would find no body, or its own claim.
 *
 * @param place where that leaves the event; an app may keep something else there
 */
export function toFirstDelivery(delivery: Delivery, place: unknown): Delivery {
  const { event } = (place ?? {}) as { readonly event?: { readonly rawBody?: unknown } };
  return event?.rawBody === undefined ? delivery : { ...delivery, body: toParsedBody(TWICE) };
}

const TWICE =
  "webhook stands twice on this route, and the first has read the body and accepted the delivery; keep one of them: the whole route with a handler, or the middleware in front of a handler of your own";
