/** The part of Lambda's context that tells when the invocation ends. */
export interface RemainingTime {
  readonly getRemainingTimeInMillis?: (() => number) | undefined;
}

/** Tells how many milliseconds the platform leaves, if it does. A context of a test or another platform may have anything there. */
export function remainingTime(context: RemainingTime | null | undefined): number | undefined {
  try {
    const left: unknown = context?.getRemainingTimeInMillis?.();
    return typeof left === "number" && Number.isFinite(left) ? left : undefined;
  } catch {
    return undefined;
  }
}
