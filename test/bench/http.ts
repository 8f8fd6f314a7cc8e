/**
 * Throughput of one framework's servers: `http.ts <framework>`. Each variant runs in a process of its own; this one makes the load.
 * What is compared is how many requests a server answers in a second of its own processor time: what its throughput is where it has
 * a core to itself.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { sendAll, toRequest } from "./load.js";
import { median } from "./measure.js";
import type { Row } from "./row.js";
import { schemes } from "./scheme.js";
import type { Question, Variant } from "./server.js";
import { signEvents } from "./signed-event.js";

const BYTES = 1024;
const REQUESTS = 2000;
const CONNECTIONS = 50;
const ROUNDS = 5;
const WARM_UP = 3;
const HEAP_ROUNDS = 4;

const VARIANTS: readonly Variant[] = ["raw", "hmac", "hmac + parse", "ours"];
/** The most kilobytes of a delivery, over those of the framework itself, that are still there when the young generation is collected. */
const MOST_OUTLIVING = 4;
/** The least throughput over the framework's own raw body. */
const LEAST: Readonly<Record<string, number>> = { express: 1.05, koa: 0.95, hono: 0.93, fastify: 0.8 };

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(framework: string, variant: Variant): Promise<Started> {
  const child = fork(new URL("server.mjs", import.meta.url), [framework, variant], { execArgv: [] });
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  return { child, port };
}

async function ask({ child }: Started, question: Question): Promise<number> {
  child.send(question);
  const [{ figure }] = (await once(child, "message")) as [{ readonly figure: number }];
  return figure;
}

const freshRequests = (): readonly Buffer[] => signEvents(signing, BYTES, REQUESTS).map(toRequest);

/** Sends fresh deliveries; answers the server's microseconds for each. */
async function costOf(server: Started): Promise<number> {
  const requests = freshRequests();
  const before = await ask(server, "cpu");
  await sendAll(server.port, requests, CONNECTIONS);
  return ((await ask(server, "cpu")) - before) / REQUESTS;
}

/** Sends fresh deliveries; answers the server's kilobytes for each. */
async function bytesOf(server: Started, which: "everything" | "outliving"): Promise<number> {
  await ask(server, which);
  for (let round = 0; round < HEAP_ROUNDS; round++) await sendAll(server.port, freshRequests(), CONNECTIONS);
  return (await ask(server, "bytes")) / REQUESTS / HEAP_ROUNDS / 1000;
}

const { signing } = schemes.find(({ name }) => name === "stripe")!;
const framework = process.argv[2] ?? "";
const least = LEAST[framework];
if (least === undefined) throw new Error(`http: no such framework: ${framework}`);

const servers = new Map<Variant, Started>();
for (const variant of VARIANTS) servers.set(variant, await start(framework, variant));
const costs = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  // each round begins with another variant
  for (let i = 0; i < VARIANTS.length; i++) {
    const variant = VARIANTS[(round + i) % VARIANTS.length]!;
    const cost = await costOf(servers.get(variant)!);
    if (round >= WARM_UP) costs.get(variant)!.push(cost);
  }
}
const bytes = new Map<string, number>();
for (const variant of ["raw", "ours"] as const)
  for (const which of ["everything", "outliving"] as const) bytes.set(`${variant} ${which}`, await bytesOf(servers.get(variant)!, which));
for (const { child } of servers.values()) child.disconnect();

/** Throughput of one over another, in the same rounds. */
const ratioOf = (variant: Variant, base: Variant): number => median(costs.get(variant)!.map((cost, i) => costs.get(base)![i]! / cost));
const table = "http: throughput (1 kB, 50 connections), handler form";
const row = (subject: string, value: number, rest: Partial<Row> = {}): Row => ({ table, subject, column: framework, value, ...rest });
process.send?.([
  row("raw body alone, server time", median(costs.get("raw")!), { unit: " µs" }),
  row("hmac by hand / raw", ratioOf("hmac", "raw")),
  row("hmac + parse by hand / raw", ratioOf("hmac + parse", "raw")),
  row("ours / raw", ratioOf("ours", "raw"), { bound: { kind: "least", limit: least } }),
  row("ours / hmac by hand", ratioOf("ours", "hmac")),
  row("ours / hmac + parse by hand", ratioOf("ours", "hmac + parse"), { bound: { kind: "least", limit: 1 } }),
  row("raw body alone, allocated", bytes.get("raw everything")!, { unit: " kB" }),
  row("ours, allocated", bytes.get("ours everything")!, { unit: " kB" }),
  row("raw body alone, outlives its request", bytes.get("raw outliving")!, { unit: " kB" }),
  row("ours, outlives its request", bytes.get("ours outliving")!, {
    unit: " kB",
    bound: { kind: "most", limit: bytes.get("raw outliving")! + MOST_OUTLIVING },
  }),
] satisfies Row[]);
process.disconnect?.();
