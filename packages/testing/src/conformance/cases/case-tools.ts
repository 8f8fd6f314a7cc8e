/** What stages of several cases are made of. */
import { memoryStore, type Store } from "@countersign/core";
import type { Report, Site } from "../harness.js";

const met = new WeakMap<Site, Set<string | undefined>>();

/** Whether a stage meets this for the first time. */
export function isFirst(site: Site, what: string | undefined): boolean {
  const seen = met.get(site) ?? new Set();
  met.set(site, seen);
  return seen.size < seen.add(what).size;
}

/** Makes a store of which some operations are replaced. */
export const storeWith = (site: Site, change: (store: Store) => Partial<Store>): Store => {
  const store = memoryStore({ now: site.clock.now });
  const rest: Store = {
    durable: false,
    claim: (claim) => store.claim(claim),
    renew: (claim) => store.renew(claim),
    commit: (claim, keep) => store.commit(claim, keep),
    release: (claim) => store.release(claim),
  };
  return { ...rest, ...change(store) };
};

/** Seconds of a reply's `Retry-After`; not a number where it has none. */
export const retryAfterOf = (headers: readonly (readonly [string, string])[]): number =>
  Number(headers.find(([name]) => name === "retry-after")?.[1] ?? Number.NaN);

/** The codes of all records, in order. */
export const codesOf = ({ records }: Report): unknown[] => records.map(({ code }) => code);

/** What is never answered. */
export const never = new Promise<never>(() => {});
