/** Bounded growth: what is past its retention makes room. */

import type { Claim } from "@countersign/core";
import type { Ground } from "./grounds.js";
import { openStore } from "./open-store.js";
import type { Tally } from "./scoreboard.js";
import { pause } from "./sender.js";

/** Milliseconds that a claim is kept. */
const KEEP = 300;
const IN_FLIGHT = 20;
/** Of all that was ever claimed, how much may lie there while claims go on. */
const MOST_UNDER_WAY = 0.5;
/** Sweeping goes along with use, and an idle table is left as it is: so few claims at a time, and so often at most, must bring all away. */
const CLOSING = 200;
const CLOSINGS = 20;

/** Claims so many keys, with a mark each; then lets their time pass, and goes on with a few. */
export async function playGrowth(ground: Ground, keys: number, tally: Tally): Promise<void> {
  const { store, close } = await openStore(ground.plan, 2);
  let made = 0;
  const claimSome = async (many: number): Promise<void> => {
    let left = many;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const claim = makeClaim(++made);
        await store.claim(claim);
        await store.commit(claim, { key: KEEP, mark: KEEP });
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  };
  try {
    await store.claim(makeClaim(0)); // SQLite makes its table at the first use.
    const before = await ground.count();
    let most = 0;
    for (let turn = 0; turn < 10; turn++) {
      await claimSome(keys / 10);
      most = Math.max(most, (await ground.count()) - before);
      await pause(KEEP);
    }
    let left = Number.POSITIVE_INFINITY;
    let closings = 0;
    for (; left > 2 * CLOSING && closings < CLOSINGS; closings++) {
      await claimSome(CLOSING);
      await pause(KEEP * 1.5);
      left = (await ground.count()) - before;
    }
    const facts = `of ${2 * made} keys and marks ${most} at most lay there, ${Math.max(0, left)} after ${closings} times ${CLOSING} more claims`;
    tally.note(facts);
    tally.round(...(left <= 2 * CLOSING ? [] : [`space is not reclaimed: ${facts}`]));
    tally.round(...(most <= 2 * made * MOST_UNDER_WAY ? [] : [`grows without bound under way: ${facts}`]));
  } finally {
    await close();
  }
}

const makeClaim = (number: number): Claim => {
  const name = `growth-${process.pid}-${number}`;
  return { token: `token-${number}`, key: `key-${name}`, mark: `mark-${name}`, partition: "growth", tag: "tag", lease: KEEP };
};
