export { acceptedEvent } from "./accepted-event.js";
export { type Clock, createClock } from "./clock.js";
export type { BodilessDelivery, DeliveryOptions, SignedDelivery } from "./delivery.js";
export { signDelivery } from "./sign-delivery.js";
export type { PrivateKey } from "./sign-with-private-key.js";
