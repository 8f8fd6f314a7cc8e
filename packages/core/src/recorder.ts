import type { ErrorCode } from "./errors.js";
import { type DeliveryRecord, guardObserver, type NoticeCode, type Phases } from "./observe.js";
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
  /** Milliseconds of each phase that is over. */
  readonly phases: Record<keyof Phases, number>;
  /** The phase under way, and since when. */
  phase: keyof Phases | undefined;
  since: number;
}

export interface Recorder {
  begin(): Visit;
  /** Ends the phase under way, and begins another or none. */
  enter(visit: Visit, phase: keyof Phases | undefined): void;
  end(visit: Visit, end: VisitEnd): void;
  /** `id` is the event's, where one is meant. */
  notice(code: NoticeCode, detail: string, cause?: unknown, id?: string | undefined): void;
}

export interface VisitEnd {
  readonly outcome: DeliveryRecord["outcome"];
  readonly status: number | undefined;
  /** A refusal, or how the claim was settled: without a code nothing failed. */
  readonly why?: { readonly code: ErrorCode | undefined; readonly detail?: string; readonly cause: unknown };
  readonly duplicate?: DeliveryRecord["duplicate"];
}

/** Where nobody looks at the phases. */
const UNTIMED = { body: 0, signature: 0, store: 0, handler: 0 };

/** Makes the recorder of one receiver: one record for each delivery, and notices. */
export function createRecorder({ observe: observer, observes, endpoint }: Settled, provider: string): Recorder {
  const observe = guardObserver(observer);
  const isTimed = observes === "everything";
  const enter: Recorder["enter"] = (visit, phase) => {
    if (!isTimed) return;
    const now = performance.now();
    if (visit.phase !== undefined) visit.phases[visit.phase] += now - visit.since;
    visit.phase = phase;
    visit.since = now;
  };
  return {
    enter,
    begin: () => ({
      arrived: isTimed ? performance.now() : 0,
      bytes: 0,
      id: undefined,
      type: undefined,
      tenant: undefined,
      keyId: undefined,
      lag: undefined,
      repeats: false,
      phases: isTimed ? { ...UNTIMED } : UNTIMED,
      phase: undefined,
      since: 0,
    }),
    end(visit, { outcome, status, why, duplicate }) {
      if (observes === "nothing" || (observes === "faults" && why?.code === undefined)) return;
      enter(visit, undefined);
      observe({
        kind: "delivery",
        provider,
        endpoint,
        outcome,
        code: why?.code,
        detail: why?.detail,
        cause: why?.cause,
        status,
        duration: isTimed ? performance.now() - visit.arrived : 0,
        phases: visit.phases,
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
    notice: (code, detail, cause, id) => observe({ kind: "notice", provider, endpoint, code, detail, cause, id }),
  };
}
