import type { VerifierOptions } from "../../src/options.js";
import type { Verdict } from "../../src/verdict.js";
import { deliver, mac, openAcme, TIME } from "../acme-verifier.js";
import type { Words } from "../provider/acme.js";
import { recordingStore } from "./recording-store.js";

/** What a delivery is sent with, where it is not the usual. */
export interface Sent {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
  /** What is signed; the body, unless said otherwise. */
  readonly content?: string;
  readonly secret?: string;
}

/** Opens a verifier on a store that records. */
export function openClaims(words: Words, options: Partial<VerifierOptions> = {}, config?: object) {
  const store = recordingStore();
  const acme = openAcme(words, { store, ...options }, config);
  /** Sends a delivery, whose handler succeeds; answers what was decided and claimed. */
  const send = async ({ body = '{"a":1}', headers = {}, url = "/", content = body, secret }: Sent = {}) => {
    const before = store.claims.length;
    const verdict = await acme.verifier.receive(deliver({ text: body, url, headers: { "x-sig": mac(content, secret), ...headers } }));
    if (verdict.outcome === "accepted") await verdict.claim.commit();
    return { verdict, said: say(verdict), claim: store.claims[before] };
  };
  return { send, store, records: acme.records };
}

/** Says what was decided, in one line. */
export const say = (verdict: Verdict): string => {
  if (verdict.outcome === "accepted") return `accepted, repeats ${verdict.event.repeats}`;
  if (verdict.outcome === "duplicate") return `${verdict.kind}, ${verdict.reply.status}`;
  return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
};

/** Sends deliveries one after another, and says what was decided of each. */
export const saidOf = async (send: (sent?: Sent) => Promise<{ readonly said: string }>, ...sent: Sent[]): Promise<string[]> => {
  const said: string[] = [];
  for (const one of sent) said.push((await send(one)).said);
  return said;
};

export const unsigned = { id: "header:x-id" };
export const stampedWords = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 } };

/** A delivery that is signed so many seconds from now. */
export const stamped = (at: number, headers: Record<string, string> = {}, body = '{"a":1}'): Sent => {
  const time = String(Number(TIME) + at);
  return { body, content: `${time}.${body}`, headers: { "x-ts": time, ...headers } };
};
