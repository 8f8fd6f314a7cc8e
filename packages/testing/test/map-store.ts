/** A store over a Map, right but for one fault: what the store suite is tried on. */

import type { Claim, Store } from "@countersign/core";

/** Each fault, and the case that tells of it. */
export const FAULTS = {
  "a resend leaves its mark's lease": "a claim sent again lengthens the lease of key and mark",
  "renewal creates a mark": "renewal never creates a mark",
  "renewal adds to the remaining time": "renewal sets the time that remains, and does not add to it",
  "a lost renewal extends the mark": "a renewal that is lost does not lengthen the mark's lease",
  "release of a taken key leaves its mark": "release gives back one's own mark though another has taken the key",
  "commit changes a done mark's tag": "commit leaves a done mark: its tag and its time stay",
  "commit changes a done mark's time": "commit leaves a done mark: its tag and its time stay",
} as const;

export type Fault = keyof typeof FAULTS;

interface Row {
  readonly token?: string;
  readonly tag: string;
  readonly until: number;
}

/** Makes a store with this fault, or with none. */
export function mapStore(now: () => number, fault?: Fault): Store {
  const rows = new Map<string, Row>();
  const look = (name: string): Row | undefined => {
    const row = rows.get(name);
    return row !== undefined && row.until > now() ? row : undefined;
  };
  const stateOf = (name: string, token: string): "free" | "mine" | "busy" | "done" => {
    const row = look(name);
    if (row === undefined) return "free";
    return row.token === undefined ? "done" : row.token === token ? "mine" : "busy";
  };
  const lease = (name: string, { token, tag, lease: time }: Claim): void => {
    rows.set(name, { token, tag, until: now() + time });
  };
  const extend = (name: string, time: number): void => {
    const row = rows.get(name)!;
    const from = fault === "renewal adds to the remaining time" ? row.until : now();
    rows.set(name, { ...row, until: from + time });
  };
  return {
    durable: false,
    async claim(claim) {
      const { key, mark, token } = claim;
      const row = look(key);
      const state = stateOf(key, token);
      if (row !== undefined && state === "done") return { outcome: "duplicate", tag: row.tag };
      if (row !== undefined && state === "busy") return { outcome: "busy", remaining: row.until - now() };
      const met = mark === undefined ? "free" : stateOf(mark, token);
      lease(key, claim);
      const keeps = fault === "a resend leaves its mark's lease" && met === "mine";
      if (mark !== undefined && (met === "free" || met === "mine") && !keeps) lease(mark, claim);
      return { outcome: "claimed", repeats: met === "busy" ? "running" : met === "done" && "done" };
    },
    async renew(claim) {
      const { key, mark, token } = claim;
      const mine = stateOf(key, token) === "mine";
      if (mark !== undefined && (mine || fault === "a lost renewal extends the mark")) {
        const met = stateOf(mark, token);
        if (met === "mine") extend(mark, claim.lease);
        if (met === "free" && mine && fault === "renewal creates a mark") lease(mark, claim);
      }
      if (mine) extend(key, claim.lease);
      return mine ? "ok" : "lost";
    },
    async commit({ key, mark, token, tag }, keep) {
      const state = stateOf(key, token);
      if (state === "free" || state === "mine") rows.set(key, { tag, until: now() + keep.key });
      const done = mark !== undefined && stateOf(mark, token) === "done" ? rows.get(mark) : undefined;
      if (mark !== undefined) {
        const until = done === undefined || fault === "commit changes a done mark's time" ? now() + keep.mark : done.until;
        rows.set(mark, { tag: done === undefined || fault === "commit changes a done mark's tag" ? tag : done.tag, until });
      }
      return state === "busy" ? "held" : "ok";
    },
    async release({ key, mark, token }) {
      const mine = stateOf(key, token) === "mine";
      if (mine) rows.delete(key);
      if (mark === undefined || stateOf(mark, token) !== "mine") return;
      if (mine || fault !== "release of a taken key leaves its mark") rows.delete(mark);
    },
  };
}
