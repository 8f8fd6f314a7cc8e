/** Claims in Redis or Valkey, over the client the application already has. */

import { type Claim, type ClaimAnswer, ConfigurationError, type Store } from "@countersign/core";
import { type RedisClient, type SendCommand, toSendCommand } from "./redis-client.js";
import { SCRIPTS } from "./redis-scripts.js";
import { assertClaim, assertOptions, seen, toWholeMilliseconds } from "./store-input.js";
import { tryClaim } from "./try-claim.js";

export type { Store } from "@countersign/core";
export type { RedisClient } from "./redis-client.js";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * What every key in Redis begins with: letters, digits and `_ . : -`, at most 64.
   * @default "countersign"
   */
  readonly prefix?: string | undefined;
}

/**
 * Makes a store in Redis (6.2 or later) or Valkey.
 *
 * Each operation is one script and one round trip; the server's clock decides. Key and mark share a hash tag, so that a cluster keeps
 * them on one node. Expired claims vanish by themselves. The server must not evict (`maxmemory-policy noeviction`).
 *
 * @throws ConfigurationError (`MISCONFIGURED`) if the client has a shape nobody knows, or an option is wrong.
 *
 * @example
 * import { createClient } from "redis";
 * import { redisStore } from "@countersign/stores/redis";
 *
 * const store = redisStore(await createClient().connect());
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  const send = toSendCommand(client);
  assertOptions("redisStore", options, ["prefix"]);
  const { prefix = "countersign" } = options;
  if (typeof prefix !== "string" || !/^[\w.:-]{1,64}$/.test(prefix)) {
    throw new ConfigurationError(
      "prefix",
      `saw ${seen(prefix)}; expected 1 to 64 letters, digits or \`_ . : -\`; braces would break the cluster's hash tag.`,
    );
  }
  const run = runScripts(send, prefix);
  const keysOf = ({ partition, key, mark }: Claim): string[] =>
    (mark === undefined ? [key] : [key, mark]).map((name) => `${prefix}:{${partition}}:${name}`);

  const store: Store = {
    durable: true,
    async claim(claim) {
      assertClaim(claim);
      return toAnswer(await run("claim", keysOf(claim), [claim.token, claim.tag, toWholeMilliseconds(claim.lease)]));
    },
    async renew(claim) {
      assertClaim(claim);
      const [answer] = await run("renew", keysOf(claim), [claim.token, claim.tag, toWholeMilliseconds(claim.lease)]);
      return answer === "ok" || answer === "lost" ? answer : refuse(answer);
    },
    async commit(claim, keep) {
      assertClaim(claim);
      const times = claim.mark === undefined ? [keep.key] : [keep.key, keep.mark];
      const [answer] = await run("commit", keysOf(claim), [claim.token, claim.tag, ...times.map(toWholeMilliseconds)]);
      return answer === "ok" || answer === "held" ? answer : refuse(answer);
    },
    async release(claim) {
      assertClaim(claim);
      await run("release", keysOf(claim), [claim.token, claim.tag]);
    },
    async check() {
      const [, maxmemory, policy] = await run("check", [`${prefix}:{check}:check`], []);
      if (maxmemory !== "0" && policy !== "noeviction") {
        throw new ConfigurationError(
          "client",
          `this Redis evicts keys when its memory is full (maxmemory-policy ${policy}), and with them claims; set noeviction, or use another Redis.`,
        );
      }
      await tryClaim(store);
    },
  };
  return store;
}

function toAnswer([outcome, detail]: string[]): ClaimAnswer {
  if (outcome === "duplicate") return { outcome, tag: detail ?? "" };
  // A key about to expire in under a millisecond is still held.
  if (outcome === "busy") return { outcome, remaining: Math.max(1, Number(detail)) };
  if (outcome !== "claimed") return refuse(outcome);
  return { outcome, repeats: detail === "busy" ? "running" : detail === "done" ? "done" : false };
}

function refuse(answer: string | undefined): never {
  throw new Error(`Redis answered ${JSON.stringify(answer)}, which no script of redisStore does.`);
}

/** Runs scripts by their digest; a server that does not know one (after a restart, a flush, a failover) is sent its text. */
function runScripts(send: SendCommand, prefix: string) {
  const digests = new Map<string, string>();
  return async (name: keyof typeof SCRIPTS, keys: string[], args: string[]): Promise<string[]> => {
    const script = SCRIPTS[name];
    let digest = digests.get(name);
    if (digest === undefined) {
      digest = await sha1(script);
      digests.set(name, digest);
    }
    const rest = [String(keys.length), ...keys, ...args];
    const first = keys[0]!;
    let reply: unknown;
    try {
      reply = await send(first, ["EVALSHA", digest, ...rest]);
    } catch (error) {
      if (!isUnknownScript(error)) throw withAdvice(error, prefix);
      reply = await send(first, ["EVAL", script, ...rest]).catch((failure: unknown) => {
        throw withAdvice(failure, prefix);
      });
    }
    const words = toWords(reply);
    if (words[0] !== "corrupt") return words;
    throw new Error(
      `The value in Redis under ${words[1]} is not a claim of this store; another application writes there, or it was damaged. Delete it, or change the prefix.`,
    );
  };
}

/** Redis names scripts by SHA-1; nothing rests on its strength. */
async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && /NOSCRIPT|NoScript/.test(error.message);
}

/** Says how to mend what cannot mend itself. */
function withAdvice(error: unknown, prefix: string): unknown {
  if (!(error instanceof Error)) return error;
  // Servers word it differently for a command, and for one inside a script.
  if (/NOPERM|ACL failure|can't run this command/.test(error.message)) {
    const rights = `~${prefix}:* +eval +evalsha +get +set +pttl +pexpire +del +exists +info`;
    return new ConfigurationError("client", `this user may not run what redisStore does; allow it ${rights}.`, { cause: error });
  }
  return error;
}

/** A reply as text: some clients are set up to hand out bytes. */
function toWords(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw new Error("Redis answered something else than a list; is the client the one redisStore was made for?");
  return reply.map((word: unknown) => (word instanceof Uint8Array ? new TextDecoder().decode(word) : String(word)));
}
