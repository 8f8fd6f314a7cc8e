/** Signed timestamps: both bounds, and one form alone. */
import type { Provider } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { equal } from "../expect.js";
import { bodyAlone, inEither, inIso, inMilliseconds, SECRET, uniqueBody } from "../providers.js";
import { START } from "../stage.js";

const inSeconds = uniqueBody({ secret: SECRET });
const ms = inMilliseconds({ secret: SECRET });
const iso = inIso({ secret: SECRET });
const either = inEither({ secret: SECRET });
const NOW = START / 1000;

/** Signs a text as the timestamp, whatever it is. */
const stamped = (name: string, provider: Provider, text: string, outcome: "accepted" | readonly [number, string]): ConformanceCase => ({
  name,
  stage: { verifier: () => ({ provider }) },
  async run(session) {
    // the template signs the text as it stands in the header
    const delivery = await session.sign(provider, { payload: { id: text }, headers: { "x-time": text }, timestamp: undefined });
    const response = await session.send(delivery);
    if (outcome === "accepted") await session.expect(response, 200, 1);
    else await session.refused(response, outcome[0], outcome[1]);
  },
});

const OLD = [401, "TIMESTAMP_TOO_OLD"] as const;
const FUTURE = [401, "TIMESTAMP_IN_FUTURE"] as const;
const MALFORMED = [401, "TIMESTAMP_MALFORMED"] as const;

export const timestampCases: readonly ConformanceCase[] = [
  stamped("accepts a timestamp as old as tolerance allows", inSeconds, `${NOW - 300}`, "accepted"),
  stamped("refuses a timestamp one second older", inSeconds, `${NOW - 301}`, OLD),
  stamped("accepts a timestamp as far ahead as tolerance allows", inSeconds, `${NOW + 300}`, "accepted"),
  stamped("refuses a timestamp one second further ahead", inSeconds, `${NOW + 301}`, FUTURE),
  stamped("accepts milliseconds as old as tolerance allows", ms, `${START - 300_000}`, "accepted"),
  stamped("refuses a timestamp one millisecond older", ms, `${START - 300_001}`, OLD),
  stamped("accepts milliseconds as far ahead as tolerance allows", ms, `${START + 300_000}`, "accepted"),
  stamped("refuses a timestamp one millisecond further ahead", ms, `${START + 300_001}`, FUTURE),
  stamped("refuses milliseconds where seconds are declared", inSeconds, `${START}`, FUTURE),
  stamped("refuses seconds where milliseconds are declared", ms, `${NOW}`, OLD),
  stamped("refuses the year 1970", inSeconds, "0", OLD),
  stamped("refuses a negative timestamp", inSeconds, `-${NOW}`, MALFORMED),
  stamped("refuses a timestamp with a plus", inSeconds, `+${NOW}`, MALFORMED),
  stamped("refuses a timestamp with a fraction", inSeconds, `${NOW}.0`, MALFORMED),
  stamped("refuses a timestamp with an exponent", inSeconds, "1e9", MALFORMED),
  stamped("refuses a hexadecimal timestamp", inSeconds, `0x${NOW.toString(16)}`, MALFORMED),
  stamped("refuses a timestamp with a blank inside", inSeconds, `${NOW} ${NOW}`, MALFORMED),
  stamped("refuses two timestamps in one header", inSeconds, `${NOW}x${NOW}`, MALFORMED),
  stamped("refuses infinity", inSeconds, "Infinity", MALFORMED),
  stamped("refuses no number", inSeconds, "NaN", MALFORMED),
  stamped("refuses a timestamp of very many digits", inSeconds, "9".repeat(400), MALFORMED),
  stamped("refuses a timestamp that begins with a number", inSeconds, `${NOW}abc`, MALFORMED),
  stamped("refuses a date where seconds are declared", inSeconds, new Date(START).toISOString(), MALFORMED),
  stamped("accepts RFC 3339 where it is declared", iso, new Date(START).toISOString(), "accepted"),
  stamped("accepts RFC 3339 with an offset", iso, "2026-01-15T13:00:00.000+01:00", "accepted"),
  stamped("refuses RFC 3339 without a zone", iso, "2026-01-15T12:00:00", MALFORMED),
  stamped("refuses a date in words where RFC 3339 is declared", iso, "15 January 2026 12:00:00 GMT", MALFORMED),
  stamped("refuses a day that is none", iso, "2026-13-45T12:00:00Z", MALFORMED),
  stamped("refuses RFC 3339 that is too old", iso, "2026-01-15T11:54:59Z", OLD),
  stamped("tells seconds where both are declared", either, `${NOW}`, "accepted"),
  stamped("tells milliseconds where both are declared", either, `${START}`, "accepted"),
  stamped("refuses old milliseconds where both are declared", either, `${START - 300_001}`, OLD),
  {
    name: "refuses a captured delivery once its time is over, though nothing else remembers it",
    stage: { verifier: () => ({ provider: inSeconds }) },
    async run(session) {
      const delivery = await session.sign(inSeconds, { payload: { n: 1 } });
      await session.advance(301);
      await session.refused(await session.send(delivery), 401, "TIMESTAMP_TOO_OLD");
    },
  },
  {
    name: "goes by the tolerance that the operator has set",
    stage: { verifier: () => ({ provider: inSeconds, tolerance: { past: 10, future: 0 } }) },
    async run(session) {
      const past = await session.sign(inSeconds, { payload: { n: 1 }, timestamp: START - 10_000 });
      await session.expect(await session.send(past), 200, 1);
      const older = await session.sign(inSeconds, { payload: { n: 2 }, timestamp: START - 11_000 });
      await session.refused(await session.send(older), 401, "TIMESTAMP_TOO_OLD", 1);
      const ahead = await session.sign(inSeconds, { payload: { n: 3 }, timestamp: START + 1000 });
      await session.refused(await session.send(ahead), 401, "TIMESTAMP_IN_FUTURE", 1);
    },
  },
  {
    name: "tells when the event was signed",
    stage: { verifier: () => ({ provider: inSeconds }) },
    async run(session) {
      const delivery = await session.sign(inSeconds, { payload: { n: 1 }, timestamp: START - 7000 });
      const { accepted } = await session.expect(await session.send(delivery), 200, 1);
      equal(accepted[0]?.timestamp, START - 7000, "timestamp");
    },
  },
  {
    name: "refuses a wrong signature before it judges the time",
    stage: { verifier: () => ({ provider: inSeconds }) },
    async run(session) {
      const delivery = await session.sign(inSeconds, { payload: { n: 1 }, timestamp: START - 900_000 });
      await session.refused(await session.send(delivery, { body: new TextEncoder().encode('{"n":2}') }), 401, "SIGNATURE_MISMATCH");
    },
  },
  {
    name: "judges no time that nobody signs",
    stage: { verifier: () => ({ provider: bodyAlone({ secret: SECRET }) }) },
    async run(session) {
      const provider = bodyAlone({ secret: SECRET });
      const delivery = await session.sign(provider, { payload: { n: 1 }, id: "1", headers: { date: "Thu, 01 Jan 1970 00:00:00 GMT" } });
      await session.expect(await session.send(delivery), 200, 1);
    },
  },
];
