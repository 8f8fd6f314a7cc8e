import { describe, expect, it } from "vitest";
import { createLateCommits } from "../../src/claim/late-commits.js";
import { later } from "./hold.js";

/** A commit that the store takes at the given try, counted from 1. */
function lateCommit(takenAt: number, each: () => Promise<void> | void = () => {}) {
  const seen = { tries: 0, ends: [] as string[] };
  return {
    seen,
    async attempt() {
      const isTaken = ++seen.tries >= takenAt;
      await each();
      return isTaken;
    },
    committed: () => void seen.ends.push("committed"),
    givenUp: (why: string) => void seen.ends.push(why),
  };
}

describe("createLateCommits", () => {
  it("tries again, later each time, until the store has it", async () => {
    const commits = createLateCommits(60_000);
    const commit = lateCommit(2);
    commits.add(commit);
    expect(commit.seen).toEqual({ tries: 0, ends: [] });
    await later(350);
    expect(commit.seen.tries).toBe(1);
    await later(200);
    expect(commit.seen.tries).toBe(1);
    await later(350);
    expect(commit.seen).toEqual({ tries: 2, ends: ["committed"] });
    await commits.finish();
    expect(commit.seen).toEqual({ tries: 2, ends: ["committed"] });
  });

  it("gives up at the end of the horizon", async () => {
    const commit = lateCommit(9);
    createLateCommits(10).add(commit);
    expect(commit.seen).toEqual({ tries: 0, ends: ["through the provider's whole retry horizon"] });
  });

  it("finishes with a last try of each, and of each that comes later", async () => {
    const commits = createLateCommits(60_000);
    const [taken, refused, late] = [lateCommit(1), lateCommit(9), lateCommit(9)];
    commits.add(taken);
    commits.add(refused);
    await commits.finish();
    commits.add(late);
    await later(0);
    const why = "until close() ended the tries";
    expect([taken.seen, refused.seen, late.seen]).toEqual([
      { tries: 1, ends: ["committed"] },
      { tries: 1, ends: [why] },
      { tries: 1, ends: [why] },
    ]);
    await later(300);
    expect(refused.seen.tries).toBe(1);
  });

  it.each([
    ["is all where the store takes it", 1, { tries: 1, ends: ["committed"] }],
    ["is followed by the last", 2, { tries: 2, ends: ["committed"] }],
  ])("waits for a try that is under way, which %s", async (_, takenAt, seen) => {
    const commits = createLateCommits(60_000);
    let answer = (): void => {};
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const commit = lateCommit(takenAt, () => {
      if (commit.seen.tries > 1) return;
      isAsked();
      return new Promise((resolve) => (answer = resolve));
    });
    commits.add(commit);
    await asked;
    const finished = commits.finish();
    expect(commit.seen).toEqual({ tries: 1, ends: [] });
    answer();
    await finished;
    expect(commit.seen).toEqual(seen);
  });
});
