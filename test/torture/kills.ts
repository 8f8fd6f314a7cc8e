/** `kill -9` at random points of claim, run and commit: no event is lost, and a retry gets through after at most the lease. */

import type { Ground } from "./grounds.js";
import type { ReceiverPlan } from "./receiver-plan.js";
import { countOf, ReceiverProcess, startReceivers } from "./receiver-process.js";
import type { Tally } from "./scoreboard.js";
import { describeReplies, isSuccess, makeEvent, type OutgoingEvent, pause, type Reply, send, sendUntilSuccess } from "./sender.js";

const EVENTS = 10;
/** Milliseconds over which a receiver is sent its events, and so are caught in different states. */
const SPREAD = 60;
/** Seconds. */
const LEASE = 1;
/** Milliseconds for a retry's own way, on a machine that is busy with servers. */
const MARGIN = 1500;
const RETRY_EVERY = 50;

/** Where the kill met an event. */
type Point = "before the handler" | "in the handler" | "after the handler" | "after the reply";

export async function playKills(ground: Ground, kills: number, tally: Tally): Promise<void> {
  const plan: ReceiverPlan = { store: ground.plan, lease: LEASE, storeTimeout: 2 };
  const points = new Map<Point, number>();
  let longest = 0;
  const [survivor] = await startReceivers(1, plan);
  let next = new ReceiverProcess(plan).listening();
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const victim = await next;
      // The next one starts while this one's events wait for their leases.
      if (kill < kills) next = new ReceiverProcess(plan).listening();
      const complaints: string[] = [];
      const doom = { at: 0 };
      const events = await Promise.all(Array.from({ length: EVENTS }, (_, index) => makeEvent(index % 2 ? "stripe" : "github", work())));
      await warmUp(victim);
      const killed = someMoment(victim, events).then(() => {
        doom.at = performance.now();
        return victim.kill();
      });
      const lives = events.map((event) => live(event, victim, survivor!, killed, doom));
      for (const outcome of await Promise.all(lives)) {
        await survivor!.sync();
        points.set(outcome.point, (points.get(outcome.point) ?? 0) + 1);
        longest = Math.max(longest, outcome.waited);
        complaints.push(...judge(outcome, [victim, survivor!]));
      }
      tally.round(...complaints);
    }
  } finally {
    await Promise.all([survivor?.kill(), next.then((receiver) => receiver.kill())]);
  }
  const caught = [...points].map(([point, times]) => `${times} ${point}`).join(", ");
  tally.note(`events met ${caught}; longest wait ${Math.round(longest)} ms of a ${LEASE * 1000} ms lease`);
}

interface Outcome {
  readonly event: OutgoingEvent;
  readonly point: Point;
  readonly replies: readonly Reply[];
  /** Milliseconds from the kill to the acknowledgement. */
  readonly waited: number;
}

const work = (): number => Math.floor(Math.random() * 40);

/** A process answers its first deliveries much later than all others: without these, most kills would come before the claim. */
async function warmUp(victim: ReceiverProcess): Promise<void> {
  const events = await Promise.all(Array.from({ length: 2 * EVENTS }, (_, index) => makeEvent(index % 2 ? "stripe" : "github", 0)));
  await Promise.all(events.map((event) => send(victim, event)));
}

/** Fulfils at a random moment: after a random time, while some handler runs, or just as one is to be committed. */
async function someMoment(victim: ReceiverProcess, events: readonly OutgoingEvent[]): Promise<void> {
  const { name } = events[Math.floor(Math.random() * events.length)]!;
  const kind = Math.random() * 3;
  if (kind < 1) return pause(Math.random() * (SPREAD + 40));
  await victim.has(kind < 2 ? "started" : "finished", name, 2000);
  if (Math.random() < 0.7) await pause(Math.random() * (kind < 2 ? 40 : 4));
}

/** One event: to the receiver that dies, then to the one that lives, until it is acknowledged. */
async function live(
  event: OutgoingEvent,
  victim: ReceiverProcess,
  survivor: ReceiverProcess,
  killed: Promise<void>,
  doom: { readonly at: number },
): Promise<Outcome> {
  await pause(Math.random() * SPREAD);
  const first = await send(victim, event);
  await killed;
  const { name } = event;
  const point = isSuccess(first)
    ? "after the reply"
    : victim.finished.has(name)
      ? "after the handler"
      : victim.started.has(name)
        ? "in the handler"
        : "before the handler";
  const replies = await sendUntilSuccess(() => survivor, event, RETRY_EVERY, LEASE * 1000 + 4 * MARGIN);
  return { event, point, replies: [first, ...replies], waited: performance.now() - doom.at };
}

function judge({ event: { name }, point, replies, waited }: Outcome, receivers: readonly ReceiverProcess[]): string[] {
  const [started, finished] = [countOf(receivers, "started", name), countOf(receivers, "finished", name)];
  const facts = `event ${name}, met ${point}: ${started} runs, ${finished} finished, acknowledged ${Math.round(waited)} ms after the kill; replies: ${describeReplies(replies)}`;
  const complaints: string[] = [];
  if (!replies.slice(-1).every(isSuccess)) complaints.push(`lost: no retry got through; ${facts}`);
  else if (finished === 0) complaints.push(`acknowledged without a finished handler; ${facts}`);
  if (waited > LEASE * 1000 + MARGIN) complaints.push(`waited longer than the lease; ${facts}`);
  if (point === "after the reply" && started !== 1) complaints.push(`ran again after its acknowledgement; ${facts}`);
  if (started > 2) complaints.push(`ran more than once in each process; ${facts}`);
  return complaints;
}
