import type { Delivery } from "../delivery.js";
import { type ErrorCode, Refusal } from "../errors.js";

/**
 * Makes a delivery that the verifier refuses, for an adapter that was handed something which is no HTTP request: its observer then
 * hears of it, and the reply is the code's own.
 *
 * @param detail what was seen and how to mend it, for the operator
 */
export function toRefusedDelivery(code: ErrorCode, detail: string, cause?: unknown): Delivery {
  // headers are the first that is read of a delivery, and a refusal met there is a refusal like any other
  const headers: Iterable<readonly [string, string]> = {
    [Symbol.iterator](): Iterator<readonly [string, string]> {
      throw new Refusal(code, detail, { cause });
    },
  };
  return { method: "", url: "", headers, body: null };
}
