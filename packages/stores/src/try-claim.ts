/** Tells by doing whether a store can be used: rights, read-only servers and foreign tables show only where something is written. */

import { type Claim, ConfigurationError, type Store } from "@countersign/core";

/** Claims, renews and releases a key that nobody else uses; rejects with what the first claim of a delivery would meet. */
export async function tryClaim(store: Store): Promise<void> {
  const name = crypto.randomUUID();
  const claim: Claim = { token: name, key: `check-${name}`, mark: `mark-${name}`, partition: `check-${name}`, tag: "check", lease: 60_000 };
  const { outcome } = await store.claim(claim).catch(refuseReader);
  const renewed = await store.renew(claim);
  await store.release(claim);
  if (outcome !== "claimed" || renewed !== "ok") {
    throw new Error(`The store does not keep what it is given: a new key is ${outcome}, its renewal ${renewed}.`);
  }
}

/** A server that only reads is a mistake at start. Later it is a failover under way, which ends by itself: there the error stays what it was. */
function refuseReader(error: unknown): never {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code !== "25006" && !(typeof message === "string" && message.includes("READONLY"))) throw error;
  throw new ConfigurationError("client", "this connection may only read (a replica, or set up to); connect to the primary, for writing.", {
    cause: error,
  });
}
