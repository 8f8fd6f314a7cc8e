/** An event as a verifier hands it out under a claim. */

import type { Claim, Keep, WebhookEvent } from "@countersign/core";
import { VerifiedEvent } from "../../packages/core/src/event.js";

export function eventOf(claim: Claim, keep: Keep): WebhookEvent {
  const facts = { id: "evt_1", type: "order.paid", payload: {}, provider: "test", endpoint: "test", tenant: undefined, keyId: "0" };
  return new VerifiedEvent(facts as ConstructorParameters<typeof VerifiedEvent>[0], false, undefined, { claim, keep });
}
