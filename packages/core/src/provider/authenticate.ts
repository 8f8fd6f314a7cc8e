/** Steps 4 to 11 for one configured provider: handshakes, proof, timestamp and event. */
import { type Awaitable, andThen, recovered } from "../awaitable.js";
import type { ClaimFacts } from "../claim/plan-claim.js";
import { Refusal } from "../errors.js";
import type { EventFacts } from "../event.js";
import type { HeaderLines } from "../headers.js";
import type { Settled } from "../options.js";
import { toFormObject } from "../payload.js";
import { OK, type Reply } from "../reply.js";
import { judgeTimestamp, parseTimestamp, replayWindowOf } from "../timestamp.js";
import { Attempt } from "./attempt.js";
import { type Candidate, openCandidates } from "./candidates.js";
import type { CompiledScheme } from "./compile.js";
import type { CompiledMatch } from "./condition.js";
import type { Provider } from "./define-provider.js";
import { writeReply } from "./handshake.js";
import { createHandshakeDesk } from "./handshake-desk.js";
import { readPick } from "./pick.js";
import { type Proof, prove } from "./proof.js";
import { Reading } from "./reading.js";
import type { SourceReader } from "./source.js";

/** What step 5 found: schemes that may speak for the delivery, or why none does. */
export type Opened = readonly Candidate[] | Refusal;

/** A delivery whose signature is good. */
export interface Proven {
  readonly proof: Proof;
  /** Epoch milliseconds; not judged yet. */
  readonly timestamp: number | undefined;
  /** Seconds since it was signed; `undefined` where no time is signed. */
  readonly lag: number | undefined;
  /** Milliseconds in which a replay would pass the timestamp; 0 where none is judged. */
  readonly replayWindow: number;
}

export interface Authenticator {
  /** The value of `Allow`. */
  readonly allow: string;
  checkMethod(method: string): void;
  read(method: string, target: string, headers: HeaderLines): Reading;
  /** Answers a handshake that nobody signs: `early` by headers and query, `late` by the body. */
  answerUnsigned(reading: Reading, when: "early" | "late"): Awaitable<Reply | undefined>;
  open(reading: Reading): Opened;
  authenticate(opened: Opened, reading: Reading, lossy: boolean): Awaitable<Proven>;
  checkTimestamp(proven: Proven): void;
  answerSigned(proven: Proven): Awaitable<Reply | undefined>;
  toEvent(proven: Proven): { readonly event: EventFacts; readonly facts: ClaimFacts };
  successReply(proven: Proven): Reply | Promise<Reply>;
}

/** Makes the authenticator of one receiver. */
export function createAuthenticator({ name, "~configured": provider }: Provider, settled: Settled): Authenticator {
  const { compiled } = provider;
  const { methods, handshakeMethods, handshakes, success } = compiled;
  const unsigned = handshakes.filter((handshake) => handshake.unsigned);
  const signed = handshakes.filter((handshake) => !handshake.unsigned);
  const unsignedEarly = unsigned.filter(({ when }) => when.early);
  const unsignedLate = unsigned.filter(({ when }) => !when.early);
  const hasLate = unsignedLate.length > 0;
  const [first] = compiled.schemes as [CompiledScheme];

  const isShakeOnly = (method: string): boolean => !methods.includes(method) && handshakeMethods.includes(method);

  const answer = createHandshakeDesk(name, provider, settled.secretTimeout);

  return {
    allow: [...new Set([...methods, ...handshakeMethods])].join(", "),

    checkMethod(method) {
      if (!methods.includes(method) && !handshakeMethods.includes(method))
        throw new Refusal("METHOD_NOT_ALLOWED", `${name} sends ${[...methods, ...handshakeMethods].join(", ")}`);
    },

    read(method, target, headers) {
      return new Reading(method, target, headers, settled.now(), compiled);
    },

    answerUnsigned(reading, when) {
      const due = when === "early" ? unsignedEarly : unsignedLate;
      const isLast = when === "late" || !hasLate;
      const mayFollow = signed.some(({ when: { method } }) => method === reading.method);
      const mustAnswer = isLast && !mayFollow && isShakeOnly(reading.method);
      if (due.length === 0 && !mustAnswer) return undefined;
      return andThen(answer(due, new Attempt(first, reading)), (reply) => {
        if (reply === undefined && mustAnswer)
          throw new Refusal(
            "HANDSHAKE_REFUSED",
            `a ${reading.method} is only good for ${name}'s handshake, and this is none, or its token is wrong`,
          );
        return reply;
      });
    },

    open(reading) {
      try {
        return openCandidates(provider, reading);
      } catch (error) {
        // an unsigned handshake may still stand in the body
        if (error instanceof Refusal && unsignedLate.some(({ when }) => mayHold(when, new Attempt(first, reading)))) return error;
        throw error;
      }
    },

    authenticate(opened, reading, lossy) {
      if (opened instanceof Refusal) throw opened;
      const given = { delivery: reading, secretTimeout: settled.secretTimeout };
      const proven = (): Awaitable<Proven> => andThen(prove(opened, provider, given), (proof) => toProven(proof, settled));
      return lossy ? recovered(proven, blameDecoder) : proven();
    },

    checkTimestamp({ proof: { attempt }, timestamp }) {
      const { timestamp: words } = attempt.scheme;
      if (words?.tolerance === undefined) return;
      if (timestamp === undefined)
        throw attempt.read(words.source) === undefined
          ? new Refusal("HEADER_MISSING", `${words.source.text} is not there`)
          : new Refusal("TIMESTAMP_MALFORMED", `${words.source.text} is not in the form "${words.unit}"`);
      const refusal = judgeTimestamp(timestamp, words.unit, settled.tolerance ?? words.tolerance, attempt.reading.now);
      if (refusal !== undefined) throw refusal;
    },

    answerSigned({ proof: { attempt } }) {
      const { method } = attempt.reading;
      if (signed.length === 0 && !isShakeOnly(method)) return undefined;
      return andThen(answer(signed, attempt), (reply) => {
        if (reply === undefined && isShakeOnly(method)) throw new Refusal("HANDSHAKE_REFUSED", `this ${method} is no handshake of ${name}`);
        return reply;
      });
    },

    toEvent({ proof: { attempt, keyId, tenant: ringTenant }, timestamp }) {
      const { scheme, reading } = attempt;
      const id = readPick(scheme.id, attempt);
      const type = readPick(scheme.type, attempt);
      const namedTenant = readPick(scheme.tenant, attempt);
      const event: EventFacts = {
        id,
        type: type ?? "",
        timestamp,
        payload: payloadOf(attempt),
        rawBody: reading.body,
        lines: reading.headers,
        provider: name,
        endpoint: settled.endpoint,
        tenant: ringTenant ?? namedTenant,
        keyId,
        signed: scheme.signed,
      };
      return { event, facts: { attempt, id, type, ringTenant, namedTenant } };
    },

    successReply({ proof: { attempt } }) {
      if (success === undefined) return OK;
      return writeReply(success, attempt, { context: attempt.scheme.context, hash: attempt.scheme.hash, secret: undefined });
    },
  };
}

/** Whether a condition may hold, by what is there before the body is read. */
function mayHold({ method, conditions }: CompiledMatch, attempt: Attempt): boolean {
  if (method !== undefined && method !== attempt.reading.method) return false;
  return conditions.every(
    ({ source, wanted }) =>
      typeof source === "string" || !source.early || typeof wanted !== "boolean" || isThere(source, attempt) === wanted,
  );
}

function isThere(source: SourceReader, attempt: Attempt): boolean {
  try {
    return attempt.read(source) !== undefined;
  } catch {
    return true; // more than once
  }
}

/** Where the body came as text that is not what was received, it is not the sender who broke it. */
function blameDecoder(error: unknown): never {
  if (!(error instanceof Refusal) || error.code !== "SIGNATURE_MISMATCH") throw error;
  const detail =
    "somebody else decoded the body to text and lost some of it (it holds U+FFFD, or is not as long as declared): hand over its bytes";
  throw new Refusal("BODY_ALREADY_PARSED", detail);
}

/** What the proof says of the time of signing. */
function toProven(proof: Proof, { tolerance: configured }: Settled): Proven {
  const { scheme, reading } = proof.attempt;
  const { timestamp: words, signed } = scheme;
  const text = words && proof.attempt.read(words.source);
  const timestamp = text === undefined || words === undefined ? undefined : parseTimestamp(text, words.unit);
  const lag = timestamp === undefined || !signed.timestamp ? undefined : (reading.now - timestamp) / 1000;
  const tolerance = words?.tolerance && (configured ?? words.tolerance);
  const replayWindow = tolerance === undefined ? 0 : replayWindowOf(tolerance) * 1000;
  return { proof, timestamp, lag, replayWindow };
}

/** Step 11: JSON, what a declared form's field or envelope holds, a form or a GET's query as an object, bytes, or nothing. */
function payloadOf(attempt: Attempt): unknown {
  const { reading, scheme } = attempt;
  const body = reading.parsed(false);
  switch (body.kind) {
    case "empty":
      return reading.method === "GET" && scheme.readsQuery && reading.search !== "" ? toFormObject([...reading.query]) : undefined;
    case "bytes":
      return reading.body;
    case "json":
      return attempt.payload() ?? body.value;
    case "form":
      return attempt.payload() ?? toFormObject(body.fields);
  }
}
