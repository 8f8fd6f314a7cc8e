/** The server's side: a verifier, its handler, and what became of them. */
import { createVerifier, logObserver, memoryStore, type ObserverRecord, type WebhookEvent } from "@countersign/core";
import { createClock } from "../clock.js";
import type { ConformanceCase } from "./conformance-case.js";
import type { Answer, Control, Report, SeenEvent, SeenRecord, Site, Stage } from "./harness.js";

/** When every stage begins, in epoch milliseconds. */
export const START = Date.UTC(2026, 0, 15, 12);

/** Where the case at a position is mounted. */
export const pathOf = (position: number): string => `/c/${position}`;

/** The stages of all cases, and the way to ask them. */
export interface Stages {
  readonly stages: readonly Stage[];
  /** The stage that a request target belongs to, whatever stands behind its path. */
  at(target: string): Stage | undefined;
  control(path: string, message: Control): Promise<Report>;
}

/** Makes one stage for each case. Called on the server's side, once for each server. */
export function createStages(cases: readonly ConformanceCase[]): Stages {
  const all = cases.map((one, position) => createStage(one, pathOf(position)));
  const find = (target: string): (typeof all)[number] | undefined => {
    const [, position] = /^\/c\/(\d+)(?:[/?#]|$)/.exec(target) ?? [];
    return position === undefined ? undefined : all[Number(position)];
  };
  return {
    stages: all.map(({ stage }) => stage),
    at: (target) => find(target)?.stage,
    async control(path, message) {
      const found = find(path);
      if (found === undefined) throw new Error(`no stage at ${path}`);
      return found.control(message);
    },
  };
}

/** How often a closed gate is looked at, in milliseconds. */
const GATE_INTERVAL = 5;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function createStage({ stage: words }: ConformanceCase, path: string): { stage: Stage; control(message: Control): Promise<Report> } {
  const clock = createClock(START);
  const accepted: SeenEvent[] = [];
  const records: SeenRecord[] = [];
  const shown: string[] = [];
  let [isOpen, ended, aborted, closed] = [false, 0, 0, false];

  const site: Site = {
    clock,
    async gate() {
      while (!isOpen) await pause(GATE_INTERVAL);
    },
  };
  const log = (object: object, message: string): void => void shown.push(message, toText(object));
  const toLog = logObserver({ info: log, warn: log, error: log });
  const observe = (record: ObserverRecord): void => {
    records.push(toSeenRecord(record));
    shown.push(toText(record));
    toLog(record);
  };
  const given = words.verifier(site);
  const verifier = createVerifier({
    store: memoryStore({ now: clock.now }),
    ...("https" in given || "trustedProxies" in given ? {} : { https: "off" as const }),
    ...given,
    now: clock.now,
    observe,
  });

  async function handle(event: WebhookEvent): Promise<Answer> {
    accepted.push(toSeenEvent(event));
    event.signal.addEventListener("abort", () => {
      aborted++;
    });
    try {
      return await words.handle?.(event, site);
    } finally {
      ended++;
    }
  }

  const stage: Stage = {
    path,
    verifier,
    parser: words.parser,
    answers: words.handle !== undefined,
    errorsAnswer200: words.errorsAnswer200 ?? false,
    handle,
  };
  return {
    stage,
    async control(message) {
      if (message.do === "advance") clock.advance(message.seconds);
      if (message.do === "open") isOpen = true;
      if (message.do === "close")
        void verifier.close().then(() => {
          closed = true;
        });
      return { accepted: [...accepted], ended, aborted, records: [...records], shown: shown.join("\n"), closed };
    },
  };
}

function toSeenEvent({ id, type, timestamp, payload, rawBody, tenant, keyId, repeats, signed }: WebhookEvent): SeenEvent {
  const body = Array.from(rawBody, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const plain = payload instanceof Uint8Array ? "bytes" : payload;
  return { id, type, timestamp: timestamp?.getTime(), payload: plain, body, tenant, keyId, repeats, signed };
}

function toSeenRecord(record: ObserverRecord): SeenRecord {
  const { kind, code } = record;
  if (record.kind === "notice") return { kind, code, outcome: undefined, status: undefined, duplicate: undefined, repeats: undefined };
  const { outcome, status, duplicate, repeats } = record;
  return { kind, outcome, code, status, duplicate, repeats };
}

/** As JSON, and as a console would show it where there is one that inspects. */
function toText(object: object): string {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const util = process?.getBuiltinModule?.("node:util") as { inspect(value: unknown, options: object): string } | undefined;
  const json = JSON.stringify(object, (_, value: unknown) => (value instanceof Error ? `${value.message} ${value.stack}` : value));
  return `${json} ${util?.inspect(object, { depth: 10, showHidden: true }) ?? ""}`;
}
