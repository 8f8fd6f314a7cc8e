/** What the cases are written with: claims, expectations, and waiting for time to pass. */

import type { Claim, Store } from "@countersign/core";
import type { StoreSession } from "./store-case.js";

/** Milliseconds of a lease that is not to lapse. */
export const LONG = 60_000;
/** Milliseconds of a lease that is to lapse soon. */
export const SHORT = 60;
/** Milliseconds for which key and mark are kept. */
export const KEEP = { key: LONG, mark: LONG } as const;

let count = 0;
let drawn: string | undefined;

/** Names of this run. Drawn at the first use: a Worker has no random numbers before its first request. */
function run(): string {
  drawn ??= crypto.randomUUID().slice(0, 8);
  return drawn;
}

/** Makes a name that nobody else uses. */
export function fresh(kind: string): string {
  count += 1;
  return `${kind}-${run()}-${count}`;
}

/** Makes a claim on a new key; `more` overrides its members. */
export function makeClaim(more: Partial<Claim> = {}): Claim {
  return { token: fresh("token"), key: fresh("key"), partition: `partition-${run()}`, tag: fresh("tag"), lease: LONG, ...more };
}

/** The same claim made by another caller. */
export function rival(claim: Claim, more: Partial<Claim> = {}): Claim {
  return { ...claim, token: fresh("token"), tag: fresh("tag"), ...more };
}

/** Fails unless both read the same as JSON. */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: expected ${should}, got ${is}`);
}

/** Fails unless a condition holds. */
export function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Fails unless somebody else holds the key; answers for how much longer. */
export async function expectBusy(store: Store, claim: Claim, what: string): Promise<number> {
  const answer = await store.claim(rival(claim));
  if (answer.outcome !== "busy") throw new Error(`${what}: expected busy, got ${JSON.stringify(answer)}`);
  expectTrue(answer.remaining > 0, `${what}: a lease of ${answer.remaining} ms is none`);
  return answer.remaining;
}

/** Fails unless the key is done with this tag. */
export async function expectDone(store: Store, claim: Claim, tag: string, what: string): Promise<void> {
  expectSame(await store.claim(rival(claim)), { outcome: "duplicate", tag }, what);
}

/** Fails unless the key is free, and leaves it so. */
export async function expectFree(store: Store, claim: Claim, what: string): Promise<void> {
  const probe: Claim = { ...rival(claim), mark: undefined };
  expectSame(await store.claim(probe), { outcome: "claimed", repeats: false }, what);
  await store.release(probe);
}

/** Tells what a mark says to a new key; takes nothing with it. */
export async function meets(store: Store, mark: string): Promise<false | "running" | "done"> {
  const probe = makeClaim({ mark });
  const answer = await store.claim(probe);
  await store.release(probe);
  if (answer.outcome !== "claimed") throw new Error(`a new key is ${answer.outcome}`);
  return answer.repeats;
}

/** Waits until something is so: moves the clock where the session can, lets time pass where it cannot. */
export async function eventually(session: StoreSession, what: string, probe: () => Promise<boolean>): Promise<void> {
  let moved = 0;
  for (const end = Date.now() + 10_000; ; ) {
    if (await probe()) return;
    if (Date.now() + moved > end) throw new Error(`${what}: not within 10 s`);
    if (session.elapse === undefined) await pause(5);
    else {
      session.elapse(5);
      moved += 5;
    }
  }
}

/** Waits until leases of {@link SHORT} made before are over, by watching one made after them. */
export async function lapse(session: StoreSession): Promise<void> {
  const pilot = makeClaim({ lease: SHORT });
  await session.stores[0].claim(pilot);
  await eventually(session, "a lease lapses", async () => (await session.stores[0].claim(rival(pilot))).outcome === "claimed");
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Gives a promise so many milliseconds to answer. A rejection is an answer of its own; a late one is not left unhandled. */
export async function within<Answer>(milliseconds: number, promise: Promise<Answer>): Promise<Answer | "rejected" | "pending"> {
  return Promise.race([promise.catch(() => "rejected" as const), pause(milliseconds).then(() => "pending" as const)]);
}
