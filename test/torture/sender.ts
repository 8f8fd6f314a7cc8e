/** The provider: signs events and sends them, over connections that stay open. */

import { Agent, request } from "node:http";
import { github } from "@countersign/providers/github";
import { stripe } from "@countersign/providers/stripe";
import { type SignedDelivery, signDelivery } from "@countersign/testing";
import { SECRET, type Work } from "./receiver-plan.js";

/** An event on its way. */
export interface OutgoingEvent {
  readonly name: string;
  readonly delivery: SignedDelivery;
}

/** What came back. Status 0: no reply at all. */
export interface Reply {
  readonly status: number;
  readonly milliseconds: number;
}

let count = 0;
const run = Date.now().toString(36);

/** Makes an event: Stripe's id is signed and makes the key alone; GitHub's is not, so that its content leaves a mark. */
export async function makeEvent(provider: "stripe" | "github", work: Work): Promise<OutgoingEvent> {
  const name = `evt_${run}_${++count}`;
  const delivery =
    provider === "stripe"
      ? await signDelivery(stripe({ secret: SECRET }), { url: "/stripe", payload: { id: name, type: "invoice.paid", name, work } })
      : await signDelivery(github({ secret: SECRET }), { url: "/github", id: name, type: "push", payload: { name, work } });
  return { name, delivery };
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Milliseconds after which a sender hangs up. */
const PATIENCE = 20_000;

/** Sends one delivery. Never rejects. */
export function send({ port }: { readonly port: number }, { delivery }: OutgoingEvent, patience: number = PATIENCE): Promise<Reply> {
  const since = performance.now();
  return new Promise((resolve) => {
    const settle = (status: number): void => resolve({ status, milliseconds: performance.now() - since });
    const { method, url: path, headers, body } = delivery;
    const sent = request({ agent, host: "127.0.0.1", port, method, path, headers: { ...headers, "content-length": body.length } });
    sent.on("response", (response) => {
      response.resume();
      response.on("end", () => settle(response.statusCode ?? 0));
      response.on("error", () => settle(0));
    });
    sent.on("error", () => settle(0));
    const hangUp = setTimeout(() => sent.destroy(), patience);
    sent.on("close", () => clearTimeout(hangUp));
    sent.end(body);
  });
}

export const isSuccess = ({ status }: Reply): boolean => status >= 200 && status < 300;

/** Sends an event again and again, as an honest provider does, until a 2xx or the end of its patience. Answers every reply. */
export async function sendUntilSuccess(
  next: () => { readonly port: number },
  event: OutgoingEvent,
  every: number,
  patience: number,
): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (const end = performance.now() + patience; ; ) {
    const reply = await send(next(), event);
    replies.push(reply);
    if (isSuccess(reply) || performance.now() > end) return replies;
    await pause(every);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Counts replies by status: `200 x 150, 503 x 50`. */
export function describeReplies(replies: readonly Reply[]): string {
  const counts = new Map<string, number>();
  for (const { status } of replies)
    counts.set(status === 0 ? "none" : String(status), (counts.get(status === 0 ? "none" : String(status)) ?? 0) + 1);
  return [...counts].map(([status, times]) => `${status} x ${times}`).join(", ");
}
