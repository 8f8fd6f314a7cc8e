/** Receivers that are frozen past their lease and wake up: their late commit or release changes nothing that another holds. */

import type { Ground } from "./grounds.js";
import { countOf, type ReceiverProcess, startReceivers } from "./receiver-process.js";
import type { Tally } from "./scoreboard.js";
import { isSuccess, makeEvent, pause, send, sendUntilSuccess } from "./sender.js";

/** Seconds. */
const LEASE = 1;
const PATIENCE = 8000;

type End = "success" | "failure";

export async function playZombies(ground: Ground, rounds: number, tally: Tally): Promise<void> {
  const receivers = await startReceivers(3, { store: ground.plan, lease: LEASE, storeTimeout: 2 });
  try {
    for (let round = 0; round < rounds; round++)
      for (const zombie of ["success", "failure"] as const)
        for (const heir of ["success", "failure"] as const) tally.round(...(await haunt(receivers, zombie, heir)));
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.kill()));
  }
}

/** One event: the first receiver freezes in its handler, the second takes over, the first wakes and ends, then the second ends. */
async function haunt(receivers: readonly ReceiverProcess[], zombieEnds: End, heirEnds: End): Promise<string[]> {
  const [zombie, heir, witness] = receivers as [ReceiverProcess, ReceiverProcess, ReceiverProcess];
  const event = await makeEvent(Math.random() < 0.5 ? "stripe" : "github", "until told");
  const { name } = event;
  const facts: string[] = [`event ${name}, the zombie ends in ${zombieEnds}, its heir in ${heirEnds}`];
  const complaints: string[] = [];
  const complain = (what: string): void => void complaints.push(`${what}: ${facts.join("; ")}`);

  const zombieReply = send(zombie, event);
  if (!(await zombie.has("started", name, PATIENCE))) return ["the first receiver never began"];
  zombie.pause();
  // An honest retry, until the second receiver has taken the event over.
  const taken = heir.has("started", name, PATIENCE);
  const heirReply = sendUntilSuccess(() => heir, event, 50, LEASE * 1000 + 2000);
  if (!(await taken)) return [`nobody took over after the lease: ${facts.join("; ")}`];

  zombie.resume();
  zombie.endHandler(name, zombieEnds);
  facts.push(`the zombie was answered ${(await zombieReply).status}`);
  // Long enough for the zombie's later tries, and for a lease that was cut short to lapse.
  for (const wait of [0, 300, LEASE * 1000]) {
    await pause(wait);
    // Not for long: a handler that should not have begun here waits to be told.
    const { status } = await send(witness, event, 3000);
    facts.push(`a duplicate after ${wait} ms was answered ${status}`);
    if (status !== 503) complain("a duplicate was not told to come again while the heir's handler ran");
    if (countOf(receivers, "started", name) !== 2) complain("the heir's claim did not keep others out");
  }

  heir.endHandler(name, heirEnds);
  // Where the heir failed, the event runs once more, unless the zombie's own commit is taken by then.
  const watch = setInterval(() => {
    for (const receiver of receivers) receiver.endHandler(name, "success");
  }, 50);
  const last = (await sendUntilSuccess(() => witness, event, 50, LEASE * 1000 + 3000)).slice(-1);
  clearInterval(watch);
  await heirReply;
  await Promise.all(receivers.map((receiver) => receiver.sync()));
  const [started, finished] = [countOf(receivers, "started", name), countOf(receivers, "finished", name)];
  facts.push(`${started} runs, ${finished} finished; the last delivery was answered ${last[0]?.status}`);
  if (!last.every(isSuccess)) complain("the event was never acknowledged");
  else if (finished === 0) complain("acknowledged without a finished handler");
  if (heirEnds === "success" && started !== 2) complain("ran again after the heir's success");
  if (zombieEnds === "failure" && heirEnds === "failure" && started < 3) complain("not run again after two failures");
  return complaints;
}
