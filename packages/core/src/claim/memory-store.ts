/** Claims in the memory of one process, bounded in number. */

import { ConfigurationError } from "../errors.js";
import { seen } from "../seen.js";
import { unexpected } from "../unexpected.js";
import { createCommitted, hashOf, isWide, type Times } from "./memory-committed.js";
import { createLeases } from "./memory-leases.js";
import type { Claim, ClaimAnswer, Keep, Store } from "./store.js";
import { StoreFull } from "./store.js";

/** What the memory store does, without the promises that a store's contract asks for. */
export interface Operations {
  claim(claim: Claim): ClaimAnswer;
  renew(claim: Claim): "ok" | "lost";
  commit(claim: Claim, keep: Keep): "ok" | "held";
  release(claim: Claim): void;
  /** The methods of the store itself. */
  readonly promised: Omit<Store, "durable" | "check">;
}

const OPERATIONS = new WeakMap<Store, Operations>();

/** Answers the operations of a memory store: it can be asked without a turn of the event loop. `undefined` for every other store. */
export function operationsOf(store: Store): Operations | undefined {
  return OPERATIONS.get(store);
}

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many keys and marks are held at most. One takes about 100 bytes.
   * @default 1_000_000
   */
  readonly maxClaims?: number | undefined;
  /**
   * The clock, in milliseconds.
   * @default Date.now
   */
  readonly now?: (() => number) | undefined;
}

/** Each operation looks at this many keys whose time may be over: more than it can add, so that the dead never pile up. */
const SWEEP = 4;
/** Leases looked at before a store calls itself full. */
const LAST_RESORT = 1024;
const LONGEST_KEY = 64;
const LONGEST_TAG = 128;

/**
 * Makes a store in memory: for one process, gone with it.
 *
 * A full store makes room: keys of repeats go first, then the oldest committed ones outside their protected time. Leased keys are
 * never evicted. If nothing may go, `claim` rejects with {@link StoreFull}.
 *
 * @throws ConfigurationError (`MISCONFIGURED`) if an option is wrong.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  if (typeof options !== "object" || options === null) throw unexpected("memoryStore", seen(options), "an object of options");
  const { maxClaims = 1_000_000, now: clock = Date.now } = options;
  for (const name of Object.keys(options))
    if (name !== "maxClaims" && name !== "now") throw new ConfigurationError(name, "no such option; known are maxClaims, now");
  if (!Number.isSafeInteger(maxClaims) || maxClaims < 2 || maxClaims > 100_000_000)
    throw unexpected("maxClaims", seen(maxClaims), "a whole number from 2 (one key and its mark) to 100 million");
  if (typeof clock !== "function") throw unexpected("now", seen(clock), "a function that answers milliseconds");

  const seed = Math.floor(Math.random() * 0x7fffffff);
  const committed = createCommitted();
  const leases = createLeases();

  const tick = (): number => {
    const now = clock();
    committed.expire(now, SWEEP);
    leases.sweep(now, SWEEP);
    return now;
  };

  const makeRoom = (need: number, now: number): boolean => {
    while (committed.size() + leases.size() + need > maxClaims) {
      if (!committed.evict(now) && leases.sweep(now, LAST_RESORT) === 0) return false;
    }
    return true;
  };

  const leaseOf = (key: string, hash: number, now: number) => {
    const lease = leases.get(key, hash);
    return lease !== undefined && lease.until > now ? lease : undefined;
  };

  /** Tells what is met under a mark that is not to be taken. */
  const met = (mark: string, hash: number, token: string, now: number): false | "running" | "done" => {
    if (committed.find(mark, hash, now) !== undefined) return "done";
    const lease = leaseOf(mark, hash, now);
    return lease !== undefined && lease.token !== token ? "running" : false;
  };

  const become = (key: string, hash: number, tag: string, times: Times, now: number): void => {
    const lease = leases.get(key, hash);
    if (lease !== undefined) leases.delete(lease);
    committed.add(key, hash, tag, times, now);
  };

  const claimNow = ({ token, key, mark, tag, lease }: Claim): ClaimAnswer => {
    assertText("key", key, LONGEST_KEY);
    assertText("tag", tag, LONGEST_TAG);
    const now = tick();
    const hash = hashOf(key, seed);
    const kept = committed.find(key, hash, now);
    if (kept !== undefined) return { outcome: "duplicate", tag: kept };
    const held = leaseOf(key, hash, now);
    if (held !== undefined && held.token !== token) return { outcome: "busy", remaining: held.until - now };

    const markHash = mark === undefined ? 0 : hashOf(mark, seed);
    if (mark !== undefined) assertText("mark", mark, LONGEST_KEY);
    const repeats = mark === undefined ? false : met(mark, markHash, token, now);
    const takesMark = mark !== undefined && repeats === false;
    const need = (leases.get(key, hash) === undefined ? 1 : 0) + (takesMark && leases.get(mark, markHash) === undefined ? 1 : 0);
    if (!makeRoom(need, now)) throw full(maxClaims);
    leases.set(key, hash, token, now + lease);
    if (takesMark) leases.set(mark, markHash, token, now + lease);
    return { outcome: "claimed", repeats };
  };

  const renewNow = ({ token, key, mark, lease }: Claim): "ok" | "lost" => {
    const now = tick();
    const mine = leaseOf(key, hashOf(key, seed), now);
    if (mine?.token !== token) return "lost";
    mine.until = now + lease;
    const marked = mark === undefined ? undefined : leaseOf(mark, hashOf(mark, seed), now);
    if (marked?.token === token) marked.until = now + lease;
    return "ok";
  };

  const commitNow = ({ token, key, mark, tag }: Claim, keep: Keep): "ok" | "held" => {
    const now = tick();
    const hash = hashOf(key, seed);
    const lease = leases.get(key, hash);
    const isLive = lease !== undefined && lease.until > now;
    const isHeld = isLive && lease.token !== token;
    // under a live lease of ours nobody else has committed it
    const takesKey = isLive ? !isHeld : committed.find(key, hash, now) === undefined;
    const markHash = mark === undefined ? 0 : hashOf(mark, seed);
    const markLease = mark === undefined ? undefined : leases.get(mark, markHash);
    // a commit of the mark ends its lease
    const takesMark = mark !== undefined && (markLease !== undefined || committed.find(mark, markHash, now) === undefined);
    if (!makeRoom((takesKey && lease === undefined ? 1 : 0) + (takesMark && markLease === undefined ? 1 : 0), now)) throw full(maxClaims);
    if (takesKey) become(key, hash, tag, { keep: keep.key, protect: keep.protect ?? 0, repeat: keep.repeat === true }, now);
    if (takesMark) become(mark, markHash, tag, { keep: keep.mark, protect: keep.protect ?? 0, repeat: false }, now);
    return isHeld ? "held" : "ok";
  };

  const releaseNow = ({ token, key, mark }: Claim): void => {
    tick();
    for (const name of mark === undefined ? [key] : [key, mark]) {
      const lease = leases.get(name, hashOf(name, seed));
      if (lease?.token === token) leases.delete(lease);
    }
  };

  const promised: Operations["promised"] = {
    claim: async (claim) => claimNow(claim),
    renew: async (claim) => renewNow(claim),
    commit: async (claim, keep) => commitNow(claim, keep),
    release: async (claim) => releaseNow(claim),
  };
  const store: Store = { durable: false, ...promised };
  OPERATIONS.set(store, { claim: claimNow, renew: renewNow, commit: commitNow, release: releaseNow, promised });
  return store;
}

function full(maxClaims: number): StoreFull {
  return new StoreFull(`All ${maxClaims} places are leased or protected; raise maxClaims, or use a store of @countersign/stores.`);
}

function assertText(name: string, text: string, longest: number): void {
  if (text.length > longest || (text.length === 0 && name !== "tag"))
    throw new RangeError(`A claim's ${name} has at most ${longest} characters.`);
  if (name !== "tag" && isWide(text)) throw new RangeError(`A claim's ${name} has no characters beyond U+00FF: a digest has none.`);
}
