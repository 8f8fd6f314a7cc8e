import { createVerifier, type Provider } from "@countersign/core";
import { type DeliveryOptions, signDelivery } from "../src/index.js";

/** Signs a delivery, and verifies it by the same declaration. */
export async function verified(provider: Provider, options: DeliveryOptions) {
  const { body = new Uint8Array(), ...delivery } = await signDelivery(provider, options);
  const event = await createVerifier({ provider, observe: false }).verify({ ...delivery, body });
  return { delivery: { ...delivery, body }, event };
}
