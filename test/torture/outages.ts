/** Stores that fail under a receiver: never a 2xx that no handler earned, a 503 in time, and the next delivery after recovery works. */

import { postgresStore } from "@countersign/stores/postgres";
import pg from "pg";
import { startFaultyProxy } from "../servers/start-faulty-proxy.js";
import { startPostgres } from "../servers/start-postgres.js";
import { startRedis } from "../servers/start-redis.js";
import type { MissingServer, TestServer } from "../servers/start-server.js";
import type { ServerClient } from "./receiver-plan.js";
import { ReceiverProcess } from "./receiver-process.js";
import type { Tally } from "./scoreboard.js";
import { describeReplies, isSuccess, makeEvent, pause, send, sendUntilSuccess } from "./sender.js";
import { type StoreFault, storeFaults } from "./store-faults.js";

/** Seconds. */
const STORE_TIMEOUT = 2;
const LEASE = 5;
/** Milliseconds. */
const LIMIT = STORE_TIMEOUT * 1000 + 250;

/** The clients that can be cut off, by store. */
export const CLIENTS = { redis: ["redis", "ioredis"], postgres: ["pg Pool", "postgres.js"] } as const satisfies Record<
  string,
  readonly ServerClient[]
>;

const SERVERS = { redis: () => startRedis(), postgres: startPostgresWithTable };

/** A server with its table, where it needs one. */
export async function startStoreServer(store: "redis" | "postgres"): Promise<TestServer | MissingServer> {
  return SERVERS[store]();
}

/** Takes one client through every fault, so many times, on receivers that are never restarted. */
export async function playOutages(server: TestServer, client: ServerClient, rounds: number, tally: Tally): Promise<void> {
  const proxy = await startFaultyProxy(server.port);
  const plan = { lease: LEASE, storeTimeout: STORE_TIMEOUT };
  const receivers = {
    straight: new ReceiverProcess({ ...plan, store: { client, port: server.port } }),
    "through the proxy": new ReceiverProcess({ ...plan, store: { client, port: proxy.port } }),
  };
  let slowest = 0;
  try {
    await Promise.all([receivers.straight.listening(), receivers["through the proxy"].listening()]);
    for (let round = 0; round < rounds; round++) {
      for (const fault of storeFaults(server, proxy)) {
        const { complaints, worst } = await suffer(receivers[fault.way], fault);
        slowest = Math.max(slowest, worst);
        tally.round(...complaints);
      }
      tally.round(...(await commitOverFreeze(receivers.straight, server)));
    }
  } finally {
    server.resume();
    await Promise.all([receivers.straight.kill(), receivers["through the proxy"].kill(), proxy.close()]);
  }
  tally.note(`slowest reply ${Math.round(slowest)} ms, limit ${LIMIT}`);
}

async function suffer(receiver: ReceiverProcess, fault: StoreFault): Promise<{ complaints: string[]; worst: number }> {
  const complaints: string[] = [];
  const earlier = await makeEvent("stripe", 0);
  if (!isSuccess(await send(receiver, earlier))) return { complaints: [`${fault.name}: no delivery passed before it`], worst: 0 };
  const events = await Promise.all(
    Array.from({ length: fault.deliveries }, (_, index) => makeEvent(index % 2 === 0 ? "stripe" : "github", 0)),
  );
  await fault.begin();
  const replies = await Promise.all(events.map((event) => send(receiver, event)));
  await receiver.sync();
  const facts = `${fault.name}: replies ${describeReplies(replies)}, at most ${Math.round(Math.max(...replies.map(({ milliseconds }) => milliseconds)))} ms; codes ${JSON.stringify(receiver.codes)}`;
  replies.forEach((reply, index) => {
    const runs = receiver.started.get(events[index]!.name) ?? 0;
    // A client that reconnects and asks again, by itself and in time, has earned its answer.
    if (isSuccess(reply) && fault.deliveries === 1 && runs === 1) return;
    if (reply.status !== 503) complaints.push(`answered ${reply.status} instead of 503; ${facts}`);
    if (runs > 0) complaints.push(`the handler ran without a claim; ${facts}`);
    if (reply.milliseconds > LIMIT) complaints.push(`503 only after ${Math.round(reply.milliseconds)} ms; ${facts}`);
  });
  await pause(fault.lasts * 1000);
  await fault.end();

  const next = await makeEvent("github", 0);
  const [first, ...more] = await sendUntilSuccess(() => receiver, next, 50, 10_000);
  if (!receiver.isAlive) complaints.push(`the receiver ended: ${receiver.errors}; ${facts}`);
  else if (!isSuccess(first!)) {
    const waited = Math.round([first!, ...more].reduce((sum, { milliseconds }) => sum + milliseconds + 50, 0));
    complaints.push(
      `the next delivery after recovery was answered ${first!.status}; it took ${more.length + 1} deliveries and ${waited} ms; ${facts}`,
    );
  }
  // The provider sends again what was refused; a claim whose answer was lost is free by then, or after its lease.
  for (const event of events) {
    const last = (await sendUntilSuccess(() => receiver, event, 50, LEASE * 1000 + 2000)).slice(-1);
    await receiver.sync();
    const runs = receiver.started.get(event.name) ?? 0;
    if (!last.every(isSuccess)) complaints.push(`event ${event.name} was lost; ${facts}`);
    else if (runs !== 1) complaints.push(`event ${event.name} ran ${runs} times; ${facts}`);
  }
  return { complaints: [...new Set(complaints)], worst: Math.max(...replies.map(({ milliseconds }) => milliseconds)) };
}

/** The store freezes while a handler runs: its success stands, and the commit is made up for. */
async function commitOverFreeze(receiver: ReceiverProcess, server: TestServer): Promise<string[]> {
  const event = await makeEvent("stripe", "until told");
  const answered = send(receiver, event);
  if (!(await receiver.has("started", event.name, 5000))) return ["the handler never began"];
  server.pause();
  receiver.endHandler(event.name, "success");
  const reply = await answered;
  server.resume();
  await pause(500);
  const [last] = (await sendUntilSuccess(() => receiver, event, 50, LEASE * 1000 + 2000)).slice(-1);
  await receiver.sync();
  const runs = receiver.started.get(event.name);
  const facts = `commit over a freeze: answered ${reply.status} after ${Math.round(reply.milliseconds)} ms, a later delivery ${last?.status}, ${runs} runs`;
  return reply.status === 200 && last !== undefined && isSuccess(last) && runs === 1 ? [] : [facts];
}

async function startPostgresWithTable(): Promise<TestServer | MissingServer> {
  const server = await startPostgres();
  if ("missing" in server) return server;
  const pool = new pg.Pool({ connectionString: server.url, max: 1 });
  await postgresStore(pool).migrate();
  await pool.end();
  return server;
}
