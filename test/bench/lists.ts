/** Address lists at 10,000 CIDRs, and the memory store at a million keys. */
import { createHash } from "node:crypto";
import { BlockList } from "node:net";
import { PerformanceObserver } from "node:perf_hooks";
import { type Claim, memoryStore, type Store } from "@countersign/core";
import { parseAddress } from "../../packages/core/src/network/address.js";
import { createAddressSet } from "../../packages/core/src/network/address-set.js";
import { cpuClock, measure, median } from "./measure.js";
import type { Row } from "./row.js";

const CIDRS = 10_000;
const LOOK_UPS = 20_000;

const KEYS = 1_000_000;
const CHUNK = 10_000;
const STEADY = 400_000;
const WEEK = 604_800_000;
const LEASE = 30_000;

/** Pseudo-random, and the same in every run. */
let state = 42;
const draw = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const toDotted = (n: number): string => `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;

async function addressRows(): Promise<Row[]> {
  const prefixes = Array.from({ length: CIDRS }, () => (draw(2 ** 24) << 8) >>> 0);
  const set = createAddressSet(
    prefixes.map((prefix) => `${toDotted(prefix)}/24`),
    "allow",
  );
  const blockList = new BlockList();
  for (const prefix of prefixes) blockList.addSubnet(toDotted(prefix), 24);
  // half of them hits
  const texts = (): string[] =>
    Array.from({ length: LOOK_UPS }, (_, i) => toDotted(((i % 2 === 0 ? prefixes[draw(CIDRS)]! : draw(2 ** 24) << 8) | draw(256)) >>> 0));
  const search = (has: (text: string) => boolean) => (asked: readonly string[]) => () => {
    let hits = 0;
    for (const text of asked) if (has(text)) hits++;
    if (hits < asked.length / 2) throw new Error(`lists: ${hits} hits of ${asked.length}`);
  };
  const timings = await measure(
    [
      { name: "ours", prepare: search((text) => set.has(parseAddress(text)!)) },
      { name: "net.BlockList", share: 0.01, prepare: search((text) => blockList.check(text)) },
    ],
    texts,
    { rounds: 15, warmUp: 5 },
  );
  const row = (subject: string, name: string, rest: Partial<Row> = {}): Row => ({
    table: "address look-up, parsing included",
    subject,
    column: "10,000 CIDRs",
    value: median(timings.get(name)!),
    unit: " µs",
    ...rest,
  });
  return [row("allow", "ours", { bound: { kind: "most", limit: 0.3 } }), row("net.BlockList", "net.BlockList")];
}

/** A claim as the verifier makes them: digests of 43 characters. */
function toClaim(n: number): Claim {
  const key = createHash("sha256").update(String(n)).digest("base64url");
  return { token: `fence.${n}`, key, partition: key, tag: "1790000000", lease: LEASE };
}

const toClaims = (from: number, times: number): Claim[] => Array.from({ length: times }, (_, i) => toClaim(from + i));

/** Runs an operation on claims that are made before the clock starts; answers microseconds for each. */
async function timed(from: number, times: number, act: (claim: Claim) => Promise<void>): Promise<number> {
  let spent = 0;
  for (let at = from; at < from + times; at += CHUNK) {
    const claims = toClaims(at, CHUNK);
    const begun = cpuClock();
    for (const claim of claims) await act(claim);
    spent += cpuClock() - begun;
  }
  return spent / times;
}

async function insert(store: Store, claim: Claim): Promise<void> {
  const { outcome } = await store.claim(claim);
  if (outcome !== "claimed") throw new Error(`lists: a new key is ${outcome}`);
  await store.commit(claim, { key: WEEK, mark: WEEK });
}

async function check(store: Store, claim: Claim): Promise<void> {
  const { outcome } = await store.claim(claim);
  if (outcome !== "duplicate") throw new Error(`lists: a known key is ${outcome}`);
}

const bytesInUse = (): number => {
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** A full store whose oldest keys expire as new ones come: the time of each insertion, without garbage collection and neighbours. */
async function steadyTimes(store: Store, clock: { now: number }): Promise<number[]> {
  const pauses: { readonly from: number; readonly to: number }[] = [];
  const watch = (entries: readonly PerformanceEntry[]): void => {
    for (const { startTime, duration } of entries) pauses.push({ from: startTime, to: startTime + duration });
  };
  const observer = new PerformanceObserver((list) => watch(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  const times: { readonly from: number; readonly to: number; readonly cpu: number }[] = [];
  for (let at = 0; at < STEADY; at += CHUNK) {
    for (const claim of toClaims(KEYS + at, CHUNK)) {
      clock.now += WEEK / KEYS;
      const cpu = cpuClock();
      const from = performance.now();
      await insert(store, claim);
      times.push({ from, to: performance.now(), cpu: (cpuClock() - cpu) / 1000 });
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  observer.disconnect();
  return times.map(({ from, to, cpu }) => {
    if (to - from < 1) return to - from;
    const paused = pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(to, pause.to) - Math.max(from, pause.from)), 0);
    return Math.min(to - from - paused, cpu);
  });
}

async function storeRows(): Promise<Row[]> {
  const clock = { now: Date.now() };
  const before = bytesInUse();
  const store = memoryStore({ maxClaims: KEYS, now: () => clock.now });
  const row = (subject: string, value: number, unit: string, limit?: number): Row => ({
    table: "memory store",
    subject,
    column: "1,000,000 keys",
    value,
    unit,
    ...(limit !== undefined && { bound: { kind: "most", limit } }),
  });
  const inserted = await timed(0, KEYS, (claim) => {
    clock.now += WEEK / KEYS;
    return insert(store, claim);
  });
  const bytes = (bytesInUse() - before) / KEYS;
  const checked = await timed(KEYS / 2, KEYS / 10, (claim) => check(store, claim));
  const times = (await steadyTimes(store, clock)).sort((a, b) => a - b);
  return [
    row("insert (claim and commit)", inserted, " µs"),
    row("duplicate check", checked, " µs"),
    row("steady state: p99.99 of one insertion", times[Math.floor(times.length * 0.9999)]!, " ms", 5),
    row("steady state: worst insertion", times.at(-1)!, " ms"),
    row("bytes per key", bytes, " B", 150),
  ];
}

process.send?.([...(await addressRows()), ...(await storeRows())]);
process.disconnect?.();
