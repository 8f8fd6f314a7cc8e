/** Another process holds SQLite's write lock: a 503 in time, the receiver goes on breathing, and the next delivery works. */

import Database from "libsql";
import type { Ground } from "./grounds.js";
import { startReceivers } from "./receiver-process.js";
import type { Tally } from "./scoreboard.js";
import { describeReplies, isSuccess, makeEvent, pause, send } from "./sender.js";

/** Seconds. */
const STORE_TIMEOUT = 1;
/** Milliseconds. */
const LIMIT = STORE_TIMEOUT * 1000 + 250;
const DELIVERIES = 30;

export async function playLocks({ plan }: Ground, rounds: number, tally: Tally): Promise<void> {
  if (plan.client !== "libsql") throw new Error("Only a file is locked like this.");
  const [receiver] = await startReceivers(1, { store: plan, lease: 3, storeTimeout: STORE_TIMEOUT });
  const other = new Database(plan.file);
  let slowest = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const earlier = await makeEvent("stripe", 0);
      const complaints: string[] = isSuccess(await send(receiver!, earlier)) ? [] : ["no delivery passed before the lock"];
      const events = await Promise.all(Array.from({ length: DELIVERIES }, () => makeEvent("github", 0)));
      other.exec("BEGIN IMMEDIATE");
      const sent = Promise.all(events.map((event) => send(receiver!, event)));
      await pause(200);
      // A process that waited inside the handle would not answer this.
      const silence = await receiver!.sync();
      const repeated = await send(receiver!, earlier);
      const replies = await sent;
      other.exec("ROLLBACK");
      const worst = Math.max(...replies.map(({ milliseconds }) => milliseconds));
      slowest = Math.max(slowest, worst);
      const next = await send(receiver!, await makeEvent("stripe", 0));
      await receiver!.sync();
      const facts = `replies ${describeReplies(replies)}, at most ${Math.round(worst)} ms; silent for ${Math.round(silence)} ms; a duplicate of a done event ${repeated.status}; the next delivery ${next.status}; codes ${JSON.stringify(receiver!.codes)}`;
      if (!replies.every(({ status }) => status === 503)) complaints.push(`not all answered 503: ${facts}`);
      if (worst > LIMIT) complaints.push(`503 later than ${LIMIT} ms: ${facts}`);
      if (silence > 250) complaints.push(`the event loop stood still: ${facts}`);
      if (events.some(({ name }) => receiver!.started.has(name))) complaints.push(`a handler ran without a claim: ${facts}`);
      if (!isSuccess(next)) complaints.push(`the next delivery after the lock did not pass: ${facts}`);
      tally.round(...complaints);
    }
  } finally {
    other.close();
    await receiver!.kill();
  }
  tally.note(`slowest reply ${Math.round(slowest)} ms, limit ${LIMIT}`);
}
