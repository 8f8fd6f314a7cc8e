/** What a store needs of an event to commit its claim with the application's own writes. */

import { ConfigurationError, claimOf, WebhookError, type WebhookEvent } from "@countersign/core";

/** The claim an accepted event carries. */
export function toOwnClaim(event: WebhookEvent): NonNullable<ReturnType<typeof claimOf>> {
  const own = claimOf(event);
  if (own !== undefined) return own;
  throw new ConfigurationError(
    "event",
    "commitIn needs the event a verifier handed out, of a scheme that is deduplicated; this one has no claim. Copies of an event carry none, nor does one of a second copy of core: see `npm ls @countersign/core`.",
  );
}

/** The event's lease lapsed, and somebody else may have taken it. */
export function toLeaseLost(event: WebhookEvent): WebhookError {
  return new WebhookError(
    "LEASE_LOST",
    `The lease on event ${event.id} was lost before its commit; roll back, the next delivery runs the handler again.`,
  );
}
