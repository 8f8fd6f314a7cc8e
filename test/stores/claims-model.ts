/**
 * The reference model of a claim store: pure functions over a map, under one clock that is passed in. Stores are compared with it
 * operation by operation. What it says was model-checked against crashes, outages, zombies and attackers.
 */

import type { Claim, ClaimAnswer } from "@countersign/core";

/** What lies under a key or a mark. An entry with `until <= now` counts as absent, for its own holder too. */
export interface Entry {
  readonly state: "leased" | "done";
  readonly token: string;
  readonly until: number;
  readonly tag: string;
}

export type Model = Map<string, Entry>;

type Seen = "free" | "mine" | "busy" | "done";

function look(model: Model, now: number, key: string, token: string): Seen {
  const entry = model.get(key);
  if (entry === undefined || entry.until <= now) return "free";
  if (entry.state === "done") return "done";
  return entry.token === token ? "mine" : "busy";
}

/** Writes nothing at all unless it answers `claimed`. Idempotent per token. */
export function claim(model: Model, now: number, c: Claim): ClaimAnswer {
  const seen = look(model, now, c.key, c.token);
  if (seen === "done") return { outcome: "duplicate", tag: model.get(c.key)!.tag };
  if (seen === "busy") return { outcome: "busy", remaining: model.get(c.key)!.until - now };
  const entry: Entry = { state: "leased", token: c.token, until: now + c.lease, tag: c.tag };
  model.set(c.key, entry);
  if (c.mark === undefined) return { outcome: "claimed", repeats: false };
  const mark = look(model, now, c.mark, c.token);
  if (mark === "free" || mark === "mine") model.set(c.mark, entry);
  return { outcome: "claimed", repeats: mark === "busy" ? "running" : mark === "done" ? "done" : false };
}

/** Lengthens a lease that is still held. Never creates. */
export function renew(model: Model, now: number, c: Claim): "ok" | "lost" {
  if (look(model, now, c.key, c.token) !== "mine") return "lost";
  for (const name of namesOf(c))
    if (look(model, now, name, c.token) === "mine") model.set(name, { ...model.get(name)!, until: now + c.lease });
  return "ok";
}

/** Free or mine becomes done; done stays; another's live lease on the key is left alone, one on the mark is not. */
export function commit(model: Model, now: number, c: Claim, keep: { key: number; mark: number }): "ok" | "held" {
  const seen = look(model, now, c.key, c.token);
  const done = (time: number): Entry => ({ state: "done", token: c.token, until: now + time, tag: c.tag });
  if (seen === "free" || seen === "mine") model.set(c.key, done(keep.key));
  if (c.mark !== undefined && look(model, now, c.mark, c.token) !== "done") model.set(c.mark, done(keep.mark));
  return seen === "busy" ? "held" : "ok";
}

/** Gives back what is still mine. */
export function release(model: Model, now: number, c: Claim): void {
  for (const name of namesOf(c)) if (look(model, now, name, c.token) === "mine") model.delete(name);
}

function namesOf({ key, mark }: Claim): string[] {
  return mark === undefined ? [key] : [key, mark];
}
