import { createVerifier, memoryStore, type Provider, type WebhookEvent } from "@countersign/core";
import { checkDeliveryOptions } from "./check-delivery-options.js";
import type { DeliveryOptions } from "./delivery.js";
import { signDelivery } from "./sign-delivery.js";

/**
 * Makes the event that a handler would be given: signs a delivery and verifies it, so that id, type, payload and `signed` are what
 * the declaration makes of them. For unit tests of handlers.
 *
 * @throws VerificationError if what was asked for is no delivery that the provider would send
 * @example
 * const event = await acceptedEvent(stripe({ secret }), { payload: { id: "evt_1", type: "invoice.paid" } });
 * await onInvoicePaid(event);
 */
export async function acceptedEvent<E extends WebhookEvent>(provider: Provider<E>, options: DeliveryOptions = {}): Promise<E> {
  checkDeliveryOptions(options);
  const timestamp = Number(options.timestamp ?? Date.now());
  // a GET has none
  const { body = new Uint8Array(), ...delivery } = await signDelivery(provider, { ...options, timestamp });
  const verifier = createVerifier<E>({ provider, observe: false, now: () => timestamp, store: memoryStore({ maxClaims: 2 }) });
  return verifier.verify({ ...delivery, body });
}
