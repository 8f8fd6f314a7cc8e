/**
 * The long runs: `npm run torture`, and `npm run torture -- --tenth` for a tenth of the counts. Names choose: stores (`redis`,
 * `postgres`, `sqlite`) and parts (`duplicates`, `kills`, `zombies`, `outages`, `growth`); without any, all run.
 */

import type { MissingServer } from "../servers/start-server.js";
import { playDuplicates } from "./duplicates.js";
import { GROUNDS, type Ground, type StoreName } from "./grounds.js";
import { playGrowth } from "./growth.js";
import { playKills } from "./kills.js";
import { CLIENTS, playOutages, startStoreServer } from "./outages.js";
import type { ServerClient } from "./receiver-plan.js";
import { Scoreboard, type Tally } from "./scoreboard.js";
import { playLocks } from "./sqlite-locks.js";
import { playZombies } from "./zombies.js";

const STORES = ["redis", "postgres", "sqlite"] as const satisfies readonly StoreName[];
const PARTS = ["duplicates", "kills", "zombies", "growth", "outages"] as const;
type Part = (typeof PARTS)[number];

const words = process.argv.slice(2);
const known: readonly string[] = [...STORES, ...PARTS, "--tenth"];
const unknown = words.filter((word) => !known.includes(word));
if (unknown.length > 0) {
  console.error(`No such word: ${unknown.join(", ")}; known are ${known.join(", ")}.`);
  process.exit(2);
}
const chosen = <Name extends string>(names: readonly Name[]): Name[] => {
  const named = names.filter((name) => words.includes(name));
  return named.length > 0 ? named : [...names];
};
const stores = chosen(STORES);
const parts = chosen(PARTS);
const share = words.includes("--tenth") ? 0.1 : 1;

/** What runs on a store that several processes share. */
const SHARED: Readonly<Record<Exclude<Part, "outages">, (ground: Ground, tally: Tally) => Promise<void>>> = {
  duplicates: (ground, tally) => playDuplicates(ground, 1000 * share, tally),
  kills: (ground, tally) => playKills(ground, 100 * share, tally),
  zombies: (ground, tally) => playZombies(ground, 10 * share, tally),
  growth: (ground, tally) => playGrowth(ground, 20_000 * share, tally),
};

// An interrupted run takes its servers and receivers with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const scoreboard = new Scoreboard();

const grounds = new Map<StoreName, Ground | MissingServer>();

/** Plays one part on a store that is started at its first use, and stopped at the end of all. */
async function playOn(store: StoreName, part: string, play: (ground: Ground, tally: Tally) => Promise<void>): Promise<void> {
  const ground = grounds.get(store) ?? (await GROUNDS[store]());
  grounds.set(store, ground);
  if ("missing" in ground) scoreboard.skip(part, store, ground.missing);
  else await scoreboard.play(part, store, (tally) => play(ground, tally));
}

for (const part of parts) {
  if (part === "outages") continue;
  // Kills and freezes mostly wait for leases; the others want the machine for themselves.
  if (part === "kills" || part === "zombies") await Promise.all(stores.map((store) => playOn(store, part, SHARED[part])));
  else for (const store of stores) await playOn(store, part, SHARED[part]);
}

if (parts.includes("outages")) {
  const rounds = Math.ceil(10 * share);
  // Not beside the others: their receivers' start would count as this one's silence.
  if (stores.includes("sqlite")) await playOn("sqlite", "locks", (ground, tally) => playLocks(ground, rounds, tally));
  const lanes = stores.map(async (store) => {
    if (store !== "sqlite") for (const client of CLIENTS[store]) await playFaults(store, client, rounds);
  });
  await Promise.all(lanes);
}

/** A server of its own for each client: it is frozen and killed. */
async function playFaults(store: "redis" | "postgres", client: ServerClient, rounds: number): Promise<void> {
  const server = await startStoreServer(store);
  if ("missing" in server) return scoreboard.skip("outages", client, server.missing);
  await scoreboard.play("outages", client, (tally) => playOutages(server, client, rounds, tally)).finally(() => server.stop());
}

for (const ground of grounds.values()) if (!("missing" in ground)) await ground.stop();
process.exitCode = scoreboard.close() ? 0 : 1;
