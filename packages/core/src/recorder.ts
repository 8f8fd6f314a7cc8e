import type { ErrorCode, Refusal } from "./errors.js";
import { type DeliveryRecord, guardObserver, type NoticeCode } from "./observe.js";
import type { Settled } from "./options.js";

/** One delivery's way through the checks, as it will be recorded. */
export interface Visit {
  readonly arrived: number;
  bytes: number;
  id: string | undefined;
  type: string | undefined;
  tenant: string | undefined;
  keyId: string | undefined;
  lag: number | undefined;
  repeats: false | "running" | "done";
  body: number;
  signature: number;
  store: number;
  handled: number;
}

export interface Recorder {
  /** Milliseconds, for phases; 0 where nobody looks at them. */
  clock(): number;
  begin(): Visit;
  end(visit: Visit, end: VisitEnd): void;
  notice(code: NoticeCode, detail: string, cause?: unknown): void;
}

export interface VisitEnd {
  readonly outcome: DeliveryRecord["outcome"];
  readonly status: number | undefined;
  readonly code?: ErrorCode | undefined;
  readonly refusal?: Refusal | undefined;
  readonly detail?: string | undefined;
  readonly cause?: unknown;
  readonly duplicate?: DeliveryRecord["duplicate"];
}

/** Makes the recorder of one receiver: one record for each delivery, and notices. */
export function createRecorder({ observe: observer, observes, endpoint }: Settled, provider: string): Recorder {
  const observe = guardObserver(observer);
  const clock = observes === "everything" ? () => performance.now() : () => 0;
  return {
    clock,
    begin: () => ({
      arrived: clock(),
      bytes: 0,
      id: undefined,
      type: undefined,
      tenant: undefined,
      keyId: undefined,
      lag: undefined,
      repeats: false,
      body: 0,
      signature: 0,
      store: 0,
      handled: 0,
    }),
    end(visit, { outcome, status, code, refusal, detail, cause, duplicate }) {
      const isFault = refusal !== undefined || code !== undefined;
      if (observes === "nothing" || (observes === "faults" && !isFault)) return;
      const now = clock();
      observe({
        kind: "delivery",
        provider,
        endpoint,
        outcome,
        code: refusal?.code ?? code,
        detail: refusal?.detail ?? detail,
        cause: refusal?.cause ?? cause,
        status,
        duration: now - visit.arrived,
        phases: {
          body: visit.body,
          signature: visit.signature,
          store: visit.store,
          handler: visit.handled === 0 ? 0 : now - visit.handled,
        },
        bytes: visit.bytes,
        id: visit.id,
        type: visit.type,
        tenant: visit.tenant,
        keyId: visit.keyId,
        lag: visit.lag,
        duplicate,
        repeats: visit.repeats,
      });
    },
    notice: (code, detail, cause) => observe({ kind: "notice", provider, endpoint, code, detail, cause }),
  };
}
