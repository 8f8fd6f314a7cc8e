/** One delivery of the demo, from the sender's side to the verifier's record of it. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import type { DeliveryRecord, ObserverRecord } from "@countersign/core";

/** What happens to a delivery inside the server, and what holds its handler. */
export interface Visit {
  readonly recorded: Promise<DeliveryRecord>;
  record(record: DeliveryRecord): void;
  /** Fulfils once a handler has the event. */
  readonly started: Promise<void>;
  /** Called by the handler; fulfils at once, or when `proceed` was called if the event asks for a handler that waits. */
  enter(waits: boolean): Promise<void>;
  proceed(): void;
  ran: boolean;
}

function createVisit(): Visit {
  let record!: Visit["record"];
  let start!: () => void;
  let proceed!: () => void;
  const recorded = new Promise<DeliveryRecord>((resolve) => {
    record = resolve;
  });
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const released = new Promise<void>((resolve) => {
    proceed = resolve;
  });
  const visit: Visit = {
    recorded,
    record,
    started,
    proceed,
    ran: false,
    async enter(waits) {
      visit.ran = true;
      start();
      if (waits) await released;
    },
  };
  return visit;
}

const HEADER = "x-demo-delivery";
const current = new AsyncLocalStorage<Visit>();
const visits = new Map<string, Visit>();

/** Begins a delivery, and names it in a header, so that the server can tell which one it has before it. */
export function beginVisit(): { readonly visit: Visit; readonly headers: Readonly<Record<string, string>> } {
  const visit = createVisit();
  const name = String(visits.size + 1);
  visits.set(name, visit);
  return { visit, headers: { [HEADER]: name } };
}

/** Runs a server's listener so that whatever it starts knows its delivery. */
export function withVisit(request: IncomingMessage, listen: () => void): void {
  const visit = visits.get(String(request.headers[HEADER]));
  if (visit === undefined) throw new Error("a request came that the demo has not sent");
  current.run(visit, listen);
}

/** The delivery whose code is running. */
export function currentVisit(): Visit {
  const visit = current.getStore();
  if (visit === undefined) throw new Error("no delivery is under way here");
  return visit;
}

/** An observer that hands each record to its delivery. */
export function recordVisit(record: ObserverRecord): void {
  if (record.kind === "delivery") currentVisit().record(record);
}
