/** Who answers handshakes: signed and unsigned ones are asked for by different steps, and answered alike. */
import { type Awaitable, andThen } from "../awaitable.js";
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

  function answerFrom(index: number, handshakes: readonly CompiledHandshake[], attempt: Attempt): Awaitable<Reply | undefined> {
    for (let i = index; i < handshakes.length; i++) {
      const handshake = handshakes[i] as CompiledHandshake;
      const met = andThen(inkOf(attempt, handshake), (ink) => isMet(handshake, attempt, ink));
      if (met instanceof Promise) return met.then((yes) => (yes ? answer(handshake, attempt) : answerFrom(i + 1, handshakes, attempt)));
      if (met) return answer(handshake, attempt);
    }
    return undefined;
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
    const { scheme, ring } = holders.find((holder) => holder.scheme.words === words) ?? holders[0] ?? {};
    if (!usesSecret || scheme === undefined || ring === undefined) return { context, hash, secret: undefined };
    return andThen(ring.keysFor(reading, secretTimeout), ({ keys, unknown }) => ({
      context,
      hash: scheme.hash,
      secret: unknown ? undefined : (keys[0]?.key as SecretKey),
    }));
  }

  return (handshakes, attempt) => answerFrom(0, handshakes, attempt);
}

function isMet(handshake: CompiledHandshake, attempt: Attempt, ink: Ink): Awaitable<boolean> {
  try {
    const met = matches(handshake.when, attempt, ink);
    return met instanceof Promise ? met.catch((error) => unread(handshake, error)) : met;
  } catch (error) {
    return unread(handshake, error);
  }
}

/** A body too broken to be a handshake that nobody signs is none; as a delivery it has its own refusal. */
function unread({ unsigned, when }: CompiledHandshake, error: unknown): false {
  if (unsigned && !when.early && error instanceof Refusal) return false;
  throw error;
}
