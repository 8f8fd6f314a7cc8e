/** Rounds of concurrent duplicates over several processes: exactly one handler run for every event. */

import type { Ground } from "./grounds.js";
import { countOf, type ReceiverProcess, startReceivers } from "./receiver-process.js";
import type { Tally } from "./scoreboard.js";
import { describeReplies, isSuccess, makeEvent, type OutgoingEvent, pause, type Reply, send, sendUntilSuccess } from "./sender.js";

const PROCESSES = 4;
const AT_ONCE = 200;
/** Seconds. */
const LEASE = 2;
/** Every so many rounds a handler outlives its lease, which renewals must keep. */
const LONG_EVERY = 50;

export async function playDuplicates(ground: Ground, rounds: number, tally: Tally): Promise<void> {
  const receivers = await startReceivers(PROCESSES, { store: ground.plan, lease: LEASE, storeTimeout: 2 });
  try {
    for (let round = 1; round <= rounds; round++) {
      const isLong = round % LONG_EVERY === 0;
      const event = await makeEvent(round % 2 === 0 ? "stripe" : "github", isLong ? LEASE * 1500 : Math.floor(Math.random() * 20));
      const replies = await sendAll(receivers, event, isLong ? LEASE * 1500 : 0);
      // A provider that was told to come again does.
      const [last] = (await sendUntilSuccess(() => receivers[round % PROCESSES]!, event, 50, 3000)).slice(-1);
      await Promise.all(receivers.map((receiver) => receiver.sync()));
      tally.round(...judge(event, receivers, replies, last!));
    }
    tally.note(describeCodes(receivers));
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.kill()));
  }
}

/** Sends all at once, or spread over some milliseconds. */
function sendAll(receivers: readonly ReceiverProcess[], event: OutgoingEvent, over: number): Promise<Reply[]> {
  const one = async (index: number): Promise<Reply> => {
    if (over > 0) await pause((index * over) / AT_ONCE);
    return send(receivers[index % receivers.length]!, event);
  };
  return Promise.all(Array.from({ length: AT_ONCE }, (_, index) => one(index)));
}

function judge(event: OutgoingEvent, receivers: readonly ReceiverProcess[], replies: readonly Reply[], last: Reply): string[] {
  const runs = receivers.map(({ pid, started }) => `${started.get(event.name) ?? 0} in process ${pid}`).join(", ");
  const facts = `event ${event.name}: runs: ${runs}; replies: ${describeReplies(replies)}; last reply: ${last.status}; ${describeCodes(receivers)}`;
  const complaints: string[] = [];
  if (countOf(receivers, "started", event.name) !== 1) complaints.push(`not exactly one handler run: ${facts}`);
  if (!replies.every((reply) => isSuccess(reply) || reply.status === 503)) complaints.push(`a reply that is neither 200 nor 503: ${facts}`);
  if (!isSuccess(last)) complaints.push(`the last delivery was not acknowledged: ${facts}`);
  return complaints;
}

function describeCodes(receivers: readonly ReceiverProcess[]): string {
  const sums = new Map<string, number>();
  for (const { codes } of receivers) for (const [code, times] of Object.entries(codes)) sums.set(code, (sums.get(code) ?? 0) + times);
  return [...sums].map(([code, times]) => `${code} x ${times}`).join(", ");
}
