/** The leased half of the memory store: few keys at a time, one for each delivery under way. */

/** A lease on one key, in a ring of all leases. */
export interface Lease {
  readonly key: string;
  readonly hash: number;
  token: string;
  /** When it lapses, on the store's clock. */
  until: number;
  before: Lease;
  after: Lease;
}

/** Leases by key and its hash; lapsed ones may still be among them. */
export interface Leases {
  size(): number;
  get(key: string, hash: number): Lease | undefined;
  set(key: string, hash: number, token: string, until: number): void;
  delete(lease: Lease): void;
  /** Looks at the next `most` leases, round and round, and drops the lapsed ones. Tells how many it dropped. */
  sweep(now: number, most: number): number;
}

/** A `Map` copies itself as it grows, which takes long when it is large: many small ones never do. */
const SHARDS = 256;

/** Makes an empty table of leases. */
export function createLeases(): Leases {
  const shards = Array.from({ length: SHARDS }, () => new Map<string, Lease>());
  let hand: Lease | undefined;
  let size = 0;

  const remove = (lease: Lease): void => {
    shards[lease.hash & (SHARDS - 1)]!.delete(lease.key);
    size -= 1;
    if (hand === lease) hand = lease.after === lease ? undefined : lease.after;
    lease.before.after = lease.after;
    lease.after.before = lease.before;
    // one that has left, and is old, would keep the next ones in memory
    lease.before = lease;
    lease.after = lease;
  };

  return {
    size: () => size,
    get: (key, hash) => shards[hash & (SHARDS - 1)]!.get(key),
    set(key, hash, token, until) {
      const shard = shards[hash & (SHARDS - 1)]!;
      const known = shard.get(key);
      if (known !== undefined) {
        known.token = token;
        known.until = until;
        return;
      }
      const lease = { key, hash, token, until } as Lease;
      // A new lease is the last that the hand comes to.
      lease.after = hand ?? lease;
      lease.before = hand?.before ?? lease;
      lease.before.after = lease;
      lease.after.before = lease;
      hand ??= lease;
      shard.set(key, lease);
      size += 1;
    },
    delete: remove,
    sweep(now, most) {
      let dropped = 0;
      for (let left = Math.min(most, size); left > 0 && hand !== undefined; left--) {
        const lease = hand;
        hand = lease.after;
        if (lease.until > now) continue;
        remove(lease);
        dropped += 1;
      }
      return dropped;
    },
  };
}
