/** Who answers handshakes: signed and unsigned ones are asked for by different steps, and answered alike. */
import { type Awaitable, andThen, firstOf, recovered } from "../awaitable.js";
import { Refusal } from "../errors.js";
import type { Reply } from "../reply.js";
import type { SecretKey } from "../signature/crypto.js";
import type { Attempt } from "./attempt.js";
import { matches } from "./condition.js";
import type { ConfiguredProvider } from "./configured-provider.js";
import { type CompiledHandshake, readLearned, writeReply } from "./handshake.js";
import type { Ink } from "./render.js";
import type { SourceReader } from "./source.js";

/** Answers the first of some handshakes that a delivery is; nothing where it is none of them. */
export type HandshakeDesk = (handshakes: readonly CompiledHandshake[], attempt: Attempt) => Awaitable<Reply | undefined>;

/** Makes the desk of one receiver. `secretTimeout` is in seconds. */
export function createHandshakeDesk(name: string, provider: ConfiguredProvider, secretTimeout: number): HandshakeDesk {
  const { onSecret } = provider;
  const holders = provider.schemes.filter(({ scheme }) => scheme.secretForm !== undefined);

  function answerIfMet(handshake: CompiledHandshake, attempt: Attempt): Awaitable<Reply | undefined> {
    const met = andThen(inkOf(attempt, handshake), (ink) =>
      recovered(
        () => matches(handshake.when, attempt, ink),
        (error) => unread(handshake, error),
      ),
    );
    return andThen(met, (yes) => (yes ? answer(handshake, attempt) : undefined));
  }

  async function answer(handshake: CompiledHandshake, attempt: Attempt): Promise<Reply> {
    if (handshake.learns !== undefined) await learn(handshake.learns, attempt);
    return writeReply(handshake.reply, attempt, await inkOf(attempt, handshake));
  }

  async function learn(source: SourceReader, attempt: Attempt): Promise<void> {
    if (onSecret === undefined)
      throw new Refusal("HANDSHAKE_REFUSED", `${name} hands a secret over; give the preset an onSecret to keep it`);
    const secret = readLearned(source, attempt);
    try {
      await onSecret(secret);
    } catch (error) {
      throw new Refusal("SECRETS_UNAVAILABLE", "onSecret failed; the provider will hand its secret over again", { cause: error });
    }
  }

  /** What an answer may be computed with: the delivery's first shared secret, of its own scheme or else of the first that has one. */
  function inkOf({ scheme: { context, hash, words }, reading }: Attempt, { usesSecret }: CompiledHandshake): Awaitable<Ink> {
    const without: Ink = { context, hash, secret: undefined };
    if (!usesSecret) return without;
    const { scheme, ring } = holders.find((holder) => holder.scheme.words === words) ?? holders[0] ?? {};
    if (scheme === undefined || ring === undefined) return without;
    return andThen(ring.keysFor(reading, secretTimeout), ({ keys, unknown }) => ({
      context,
      hash: scheme.hash,
      secret: unknown ? undefined : (keys[0]?.key as SecretKey),
    }));
  }

  return (handshakes, attempt) => firstOf(handshakes, (handshake) => answerIfMet(handshake, attempt));
}

/** A body too broken to be a handshake that nobody signs is none; as a delivery it has its own refusal. */
function unread({ unsigned, when }: CompiledHandshake, error: unknown): false {
  if (unsigned && !when.early && error instanceof Refusal) return false;
  throw error;
}
