/** A receiver of its own process: real HTTP, a real verifier, one store. It tells its parent what its handlers do. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createVerifier, type ObserverRecord, type Verifier, type WebhookEvent } from "@countersign/core";
import { fromNodeRequest, sendNodeReply, serve } from "@countersign/core/adapter";
import { github } from "@countersign/providers/github";
import { stripe } from "@countersign/providers/stripe";
import { openStore } from "./open-store.js";
import { type Command, type ReceiverPlan, type Report, SECRET, type Work } from "./receiver-plan.js";

const plan = JSON.parse(process.argv[2] ?? "") as ReceiverPlan;
const { store } = await openStore(plan.store, plan.storeTimeout);
const waiting = new Map<string, (how: "success" | "failure") => void>();
const codes: Record<string, number> = {};

/** Fulfils when the parent has it, whatever becomes of this process. */
const report = (message: Report): Promise<void> => new Promise((resolve) => process.send?.(message, () => resolve()));

function observe({ code }: ObserverRecord): void {
  if (code !== undefined) codes[code] = (codes[code] ?? 0) + 1;
}

const shared = { store, observe, https: "off", lease: plan.lease, storeTimeout: plan.storeTimeout } as const;
const verifiers: Readonly<Record<string, Verifier>> = {
  "/stripe": createVerifier({ ...shared, provider: stripe({ secret: SECRET }), endpoint: "torture/stripe" }),
  "/github": createVerifier({ ...shared, provider: github({ secret: SECRET }), endpoint: "torture/github" }),
};

async function handle(event: WebhookEvent): Promise<void> {
  const { name, work } = event.payload as { name: string; work: Work };
  const told = new Promise<"success" | "failure">((resolve) => waiting.set(name, resolve));
  await report({ say: "started", event: name });
  if (work === "until told") {
    if ((await told) === "failure") throw new Error("told to fail");
  } else await new Promise((resolve) => setTimeout(resolve, work));
  await report({ say: "finished", event: name });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const verifier = verifiers[request.url ?? ""];
  if (verifier === undefined) return void response.writeHead(404).end();
  const { reply } = await serve(verifier, fromNodeRequest(request), handle, () => undefined);
  if (reply !== undefined) sendNodeReply(request, response, reply);
}

process.on("message", (command: Command) => {
  if (command.say === "end") waiting.get(command.event)?.(command.how);
  else void report({ say: "synced", number: command.number, codes });
});
process.on("disconnect", () => process.exit());

const server = createServer((request, response) => void answer(request, response));
// Longer than any part, so that no connection is closed under a delivery.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") void report({ say: "listening", port: address.port });
});
