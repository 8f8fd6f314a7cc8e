/** Random operations on the model and on a store, under one clock: equal answers, and equal contents after every step. */

import type { Claim, Store } from "@countersign/core";
import fc from "fast-check";
import { claim as claimed, commit, type Model, release, renew } from "./claims-model.js";

/** What lies under a name: whose lease it is, or nobody's where it is done. `left` in milliseconds. */
export interface Content {
  readonly name: string;
  readonly token: string | null;
  readonly tag: string;
  readonly left: number;
}

export interface Subject {
  readonly store: Store;
  readonly runs: number;
  /** Lets time pass, for every entry. */
  age(milliseconds: number): Promise<void> | void;
  /** What the server itself says it holds; the memory store is asked through its operations only. */
  contents?(): Promise<Content[]>;
  clear(): Promise<void> | void;
}

type Step =
  | { readonly kind: "age"; readonly steps: number }
  | (Omit<Claim, "partition"> & {
      readonly kind: "claim" | "renew" | "commit" | "release";
      readonly keep: { readonly key: number; readonly mark: number };
    });

const MODEL = { claim: claimed, renew, release };
// Time goes in steps of a thousand seconds and ends between steps: the milliseconds that a run takes decide nothing.
const STEP = 1_000_000;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("age" as const), steps: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("claim" as const, "claim" as const, "renew" as const, "commit" as const, "release" as const),
      key: fc.constantFrom("k1", "k2", "k3"),
      mark: fc.constantFrom(undefined, "m1", "m2"),
      token: fc.constantFrom("t1", "t2", "t3"),
      tag: fc.constantFrom("g1", "g:2"),
      lease: fc.constantFrom(1.5 * STEP, 2.5 * STEP),
      keep: fc.record({ key: fc.constantFrom(2.5 * STEP, 5.5 * STEP), mark: fc.constantFrom(3.5 * STEP, 6.5 * STEP) }),
    }),
  },
);

/**
 * Runs random operations, as often as the subject says, and shrinks what differs.
 * @param expectEqual throws unless both are equal, whatever the order of their members
 */
export async function compareWithModel(subject: Subject, expectEqual: (actual: unknown, expected: unknown) => void): Promise<void> {
  const steps = fc.array(step, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, (actions) => compare(subject, actions, expectEqual)),
    { numRuns: subject.runs },
  );
}

async function compare(subject: Subject, steps: readonly Step[], expectEqual: (actual: unknown, expected: unknown) => void): Promise<void> {
  await subject.clear();
  const held: Model = new Map();
  let now = 0;
  for (const action of [...steps, ...last]) {
    if (action.kind === "age") {
      now += action.steps * STEP;
      await subject.age(action.steps * STEP);
    } else {
      const { kind, keep, ...rest } = action;
      const claim: Claim = { partition: "p", ...rest };
      const [expected, actual] =
        kind === "commit"
          ? [commit(held, now, claim, keep), await subject.store.commit(claim, keep)]
          : [MODEL[kind](held, now, claim), await subject.store[kind](claim)];
      expectEqual(rounded(actual), rounded(expected));
    }
    if (subject.contents === undefined) continue;
    const expected = [...held]
      .filter(([, { until }]) => until > now)
      .map(([name, { state, token, tag, until }]) => ({ name, token: state === "done" ? null : token, tag, left: until - now }));
    expectEqual(sorted(await subject.contents()), sorted(expected));
  }
}

/** Looks at every name by operations alone, at the end of each run. */
const last: readonly Step[] = ["k1", "k2", "k3"].flatMap((key) =>
  [
    ...["t1", "t2", "t3"].map((token) => ({ kind: "renew" as const, token })),
    ...["m1", "m2"].map((mark) => ({ kind: "claim" as const, token: "probe", mark })),
  ].map((probe) => ({ key, mark: undefined, tag: "probe", lease: 1.5 * STEP, keep: { key: STEP, mark: STEP }, ...probe })),
);

const rounded = (answer: unknown): unknown =>
  typeof answer === "object" && answer !== null && "remaining" in answer
    ? { ...answer, remaining: round(Number(answer.remaining)) }
    : answer;
const round = (time: number): number => Math.round(time / (STEP / 2)) * (STEP / 2);
const sorted = (contents: readonly Content[]) =>
  contents.map((content) => ({ ...content, left: round(content.left) })).sort((a, b) => (a.name < b.name ? -1 : 1));
