import type { Response } from "express";

/**
 * Fulfils, with nothing, where nobody answers a request: Express's own 404 is then about to end the response, and is kept from it.
 *
 * Express tells nobody that it has come to its end. Its 404 is known by its page, which no app writes.
 */
export function nobodysAnswer(res: Response): Promise<undefined> {
  return new Promise((resolve) => {
    const end = res.end as (...values: unknown[]) => Response;
    res.end = ((...values: unknown[]) => {
      if (res.statusCode !== 404 || !/<pre>Cannot \w+ /.test(String(values[0]))) return end.apply(res, values);
      // the phrase that goes with the 404
      if (Object.hasOwn(res, "statusMessage")) res.statusMessage = "";
      resolve(undefined);
      return res;
    }) as Response["end"];
  });
}
