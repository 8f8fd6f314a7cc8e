import { createBodyReader } from "./body.js";
import { createClaimDesk } from "./claim/claim-desk.js";
import type { Delivery, HeadersInput } from "./delivery.js";
import { ConfigurationError, Refusal } from "./errors.js";
import { VerifiedEvent, type WebhookEvent } from "./event.js";
import { toHeaderLines } from "./headers.js";
import { createNetwork } from "./network/network.js";
import { createNotices } from "./notices.js";
import { settleOptions, type VerifierOptions } from "./options.js";
import { createAuthenticator } from "./provider/authenticate.js";
import { toTarget } from "./provider/reading.js";
import { createRecorder, type Visit } from "./recorder.js";
import { type Reply, toProblem } from "./reply.js";
import { type HandlerContext, serve } from "./serve.js";
import { toUtf8 } from "./signature/encodings.js";
import { kindOf, unexpected } from "./unexpected.js";
import { Rejected, type Verdict } from "./verdict.js";

/** What `verify` takes: the parts of a delivery that prove it. */
export interface VerifyInput {
  /** @default "POST" */
  readonly method?: string | undefined;
  /** Path and query, or a whole URL. @default "/" */
  readonly url?: string | undefined;
  readonly headers: HeadersInput;
  /** The exact bytes, or a string that is taken as UTF-8. A GET or HEAD may go without. */
  readonly body?: Uint8Array | string | undefined;
}

/** Judges the deliveries of one receiver. */
export interface Verifier<E extends WebhookEvent = WebhookEvent> {
  readonly provider: string;
  readonly endpoint: string;
  /** Runs every check and claims the event. For adapters: an accepted verdict's claim must be settled. Never rejects. */
  receive(delivery: Delivery): Promise<Verdict<E>>;
  /** Receives, runs the handler, and commits or releases. What the handler returns is ignored. For serverless. Never rejects. */
  handle(delivery: Delivery, handler: (event: E, context: HandlerContext) => unknown): Promise<Reply>;
  /**
   * Checks signature and timestamp alone, and remembers nothing. For queues, scripts and tests.
   * @throws VerificationError
   */
  verify(input: VerifyInput): Promise<E>;
  /**
   * Refuses with 503 what is not claimed yet, and fulfils when the handlers under way have ended. Commits that failed are then tried
   * for a last time; what the store still does not take is said (`COMMIT_FAILED`).
   */
  close(): Promise<void>;
}

/**
 * Makes a verifier. Everything is checked here, once.
 *
 * @throws ConfigurationError naming the option that is wrong, what was seen and what is expected
 * @example
 * const verifier = createVerifier({ provider: stripe({ secret: process.env.STRIPE_SECRET }) });
 */
export function createVerifier<E extends WebhookEvent = WebhookEvent>(options: VerifierOptions<E>): Verifier<E> {
  const settled = settleOptions(options);
  const { name } = options.provider;
  const provider = options.provider["~configured"];
  const { compiled } = provider;
  const recorder = createRecorder(settled, name);
  const environment = { nodeEnv: nodeEnv() };
  const network = createNetwork(options, ({ detail }) => recorder.notice("LOCAL_HTTP", detail), environment);
  const bodies = createBodyReader(settled);
  const desk = createClaimDesk(settled, recorder.notice);
  const authenticator = createAuthenticator(options.provider, settled);
  createNotices(settled, compiled, recorder.notice, environment);
  let closing: Promise<void> | undefined;

  /** The order of checks: cheap before dear, and nothing is stored for a delivery that has not proven itself. */
  async function receive(delivery: Delivery): Promise<Verdict<E>> {
    const visit = recorder.begin();
    try {
      const headers = toHeaderLines(delivery.headers);
      // 1. method and request target
      checkOpen();
      authenticator.checkMethod(delivery.method);
      checkTarget(delivery);
      const reading = authenticator.read(delivery.method, toTarget(delivery.url), headers);
      // 2. HTTPS   3. source address
      const stopped = network.check({ address: delivery.address, protocol: delivery.protocol, wire: delivery.wire, headers });
      if (stopped !== undefined) throw stopped;
      // 4. handshakes that the provider does not sign
      const early = authenticator.answerUnsigned(reading, "early");
      const answer = early instanceof Promise ? await early : early;
      if (answer !== undefined) return shaken(visit, answer);
      // 5. security headers
      const opened = authenticator.open(reading);
      // 6. declared length   7. the body (and the unsigned handshakes that stand in it)
      recorder.enter(visit, "body");
      const reads = bodies.read(delivery, headers);
      const body = reads instanceof Promise ? await reads : reads;
      reading.body = body.bytes;
      visit.bytes = body.bytes.length;
      recorder.enter(visit, undefined);
      const late = authenticator.answerUnsigned(reading, "late");
      const lateAnswer = late instanceof Promise ? await late : late;
      if (lateAnswer !== undefined) return shaken(visit, lateAnswer);
      // 8. signature
      recorder.enter(visit, "signature");
      const proves = authenticator.authenticate(opened, reading, body.lossy);
      const proven = proves instanceof Promise ? await proves : proves;
      recorder.enter(visit, undefined);
      visit.keyId = proven.proof.keyId;
      visit.lag = proven.lag;
      // 9. timestamp
      authenticator.checkTimestamp(proven);
      // 10. signed handshakes
      const signed = authenticator.answerSigned(proven);
      const signedAnswer = signed instanceof Promise ? await signed : signed;
      if (signedAnswer !== undefined) return shaken(visit, signedAnswer);
      // 11. payload
      const { event, facts } = authenticator.toEvent(proven);
      visit.id = event.id;
      visit.type = event.type;
      visit.tenant = event.tenant;
      // 12. claim, unless close() was called meanwhile
      const success = authenticator.successReply(proven);
      const reply = success instanceof Promise ? await success : success;
      checkOpen();
      recorder.enter(visit, "store");
      const claims = desk.claim({
        facts,
        event,
        successStatus: reply.status,
        deadline: delivery.deadline,
        replayWindow: proven.replayWindow,
        settled: (why) => recorder.end(visit, { outcome: "accepted", status: why.status, why }),
      });
      const claimed = claims instanceof Promise ? await claims : claims;
      if (claimed.outcome === "held") {
        recorder.enter(visit, "handler");
        visit.repeats = claimed.event.repeats;
        // 13. the handler, and 14. commit or release, are the caller's
        return { outcome: "accepted", event: claimed.event as unknown as E, claim: claimed.held, reply };
      }
      if (claimed.outcome === "duplicate") {
        recorder.end(visit, { outcome: "duplicate", status: reply.status, duplicate: claimed.kind });
        return { outcome: "duplicate", kind: claimed.kind, reply };
      }
      const busy = toProblem(claimed.refusal.code, claimed.refusal);
      recorder.end(visit, { outcome: "duplicate", status: busy.status, duplicate: claimed.kind, why: claimed.refusal });
      return { outcome: "duplicate", kind: claimed.kind, reply: busy };
    } catch (error) {
      return refuse(visit, toRefusal(error));
    }
  }

  function checkOpen(): void {
    if (closing !== undefined) throw new Refusal("CLOSING", "close() was called");
  }

  function shaken(visit: Visit, reply: Reply): Verdict<E> {
    recorder.end(visit, { outcome: "handshake", status: reply.status });
    return { outcome: "handshake", reply };
  }

  function refuse(visit: Visit, refusal: Refusal): Verdict<E> {
    const reply = toProblem(refusal.code, { retryAfter: refusal.retryAfter, allow: authenticator.allow });
    recorder.end(visit, { outcome: "rejected", status: reply.status, why: refusal });
    return new Rejected(refusal, reply);
  }

  const verifier: Verifier<E> = {
    provider: name,
    endpoint: settled.endpoint,
    receive,
    async handle(delivery, handler) {
      // nothing that a handler returns is an answer, so that there always is a reply
      const served = await serve<E, unknown>(verifier, delivery, handler, () => undefined);
      return served.reply as Reply;
    },
    async verify(input) {
      try {
        const { method = "POST", url = "/", headers, body } = input;
        if (typeof url !== "string") throw unexpected("url", kindOf(url), "path and query, or a whole URL, as text");
        const reading = authenticator.read(method, toTarget(url), toHeaderLines(headers));
        const opened = authenticator.open(reading);
        reading.body = toBytes(body, method);
        const proves = authenticator.authenticate(opened, reading, false);
        const proven = proves instanceof Promise ? await proves : proves;
        authenticator.checkTimestamp(proven);
        const { event } = authenticator.toEvent(proven);
        return new VerifiedEvent(event) as unknown as E;
      } catch (error) {
        throw toRefusal(error).toError();
      }
    },
    close() {
      closing ??= desk.drained();
      return closing;
    },
  };
  return verifier;
}

/**
 * Protocol and authority never come from the request target: one that names them is refused. So is a fragment, which no signed URL has.
 * @see RFC 9112 section 3.2
 */
function checkTarget({ url, wire }: Delivery): void {
  const isPath = typeof url === "string" && url.startsWith("/");
  if (wire === true && isPath && url.includes("#")) throw new Refusal("TARGET_INVALID", "the request target has a fragment");
  if (isPath || (wire !== true && typeof url === "string" && /^https?:\/\/[^/]/i.test(url))) return;
  throw new Refusal("TARGET_INVALID", "the request target does not begin with /");
}

function toBytes(body: unknown, method: string): Uint8Array {
  if (typeof body === "string") return toUtf8(body);
  if (body === undefined && (method === "GET" || method === "HEAD")) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new Refusal("BODY_ALREADY_PARSED", "verify takes the bytes of the body as they came, or text");
}

/** What no check expected is our own fault, and never a 2xx. */
function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof ConfigurationError) return new Refusal("MISCONFIGURED", error.detail, { cause: error });
  return new Refusal("MISCONFIGURED", "something failed that no check expected", { cause: error });
}

/** An environment that cannot be read, as on Deno without permission, is none in which anything is let through. */
function nodeEnv(): string | undefined {
  try {
    const { process } = globalThis as { process?: { env?: { NODE_ENV?: string } } };
    return process?.env?.NODE_ENV?.trim().toLowerCase();
  } catch {
    return "production";
  }
}
