import { Refusal } from "./errors.js";
import { seen } from "./seen.js";
import { unexpected } from "./unexpected.js";

/** How a provider writes its timestamp: seconds, milliseconds, either of them, or RFC 3339. */
export type TimestampUnit = "s" | "ms" | "epoch" | "iso";

/** How far a signed timestamp may lie in the past, and in the future, in seconds. */
export interface Tolerance {
  readonly past: number;
  readonly future: number;
}

const RFC3339 = /^(\d{4}-\d\d-)(\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:?\d\d)$/;
const DIGITS = /^\d{1,15}$/;
/** An epoch with fewer digits is in seconds: until the year 5138. */
const MS_DIGITS = 12;
/** The last moment that a `Date` knows, in milliseconds. */
const LAST = 8.64e15;
/** The default of how far in the future a timestamp may lie. */
const MAX_FUTURE = 300;

/** Reads a timestamp as epoch milliseconds, or answers `undefined` where it is not in the provider's exact form. */
export function parseTimestamp(text: string, unit: TimestampUnit): number | undefined {
  if (unit === "iso") {
    const [, month, day] = RFC3339.exec(text) ?? [];
    if (month === undefined) return undefined;
    // a day beyond its month's end would be read as one of the next
    if (Number(day) > 28 && new Date(`${month}${day}`).getUTCDate() !== Number(day)) return undefined;
    const parsed = Date.parse(text);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  if (!DIGITS.test(text)) return undefined;
  const inSeconds = unit === "s" || (unit === "epoch" && text.length < MS_DIGITS);
  const milliseconds = Number(text) * (inSeconds ? 1000 : 1);
  return milliseconds > LAST ? undefined : milliseconds;
}

/** Judges a signed timestamp. One given in whole seconds is compared in whole seconds. */
export function judgeTimestamp(timestamp: number, unit: TimestampUnit, { past, future }: Tolerance, now: number): Refusal | undefined {
  const clock = unit === "s" ? Math.floor(now / 1000) * 1000 : now;
  const age = (clock - timestamp) / 1000;
  if (age > past) return new Refusal("TIMESTAMP_TOO_OLD", `it was signed ${Math.round(age)} s ago, and tolerance allows ${past} s`);
  if (-age > future)
    return new Refusal(
      "TIMESTAMP_IN_FUTURE",
      `it lies ${Math.round(-age)} s ahead, and tolerance allows ${future} s; are the clocks in step?`,
    );
  return undefined;
}

/** Some thirty years, in seconds: a claim is kept for as long as it may come again, and stores count that in milliseconds. */
export const LONGEST = 1e9;

export const isSeconds = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= LONGEST;

const CLOCK_MARGIN = 60;

/** Seconds in which a replay would pass the timestamp. */
export const replayWindowOf = ({ past, future }: Tolerance): number => past + future + CLOCK_MARGIN;

/**
 * Reads the `tolerance` option: a number speaks of the past, and of the future up to 300 s.
 * @throws ConfigurationError
 */
export function toTolerance(value: number | Tolerance, option: string): Tolerance {
  const tolerance = typeof value === "number" ? { past: value, future: Math.min(value, MAX_FUTURE) } : value;
  if (typeof tolerance !== "object" || tolerance === null || !isSeconds(tolerance.past) || !isSeconds(tolerance.future))
    throw unexpected(option, seen(value), `seconds, or { past, future } in seconds, each from 0 to ${LONGEST}`);
  return tolerance;
}
