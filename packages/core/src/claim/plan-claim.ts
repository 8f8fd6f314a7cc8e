/**
 * What a claim's key and mark rest on: the table of docs/threat-model.md, row by row. Two rules decide every doubt: an honest event
 * is never lost, and a captured delivery never runs a handler twice wherever the scheme lets us tell.
 */
import { fingerprint } from "#crypto";
import type { Attempt } from "../provider/attempt.js";
import type { CompiledScheme } from "../provider/compile.js";
import { contentOf } from "../provider/proof.js";
import type { Awaitable, SecretKey } from "../signature/crypto.js";

/** What is known of a proven delivery. */
export interface ClaimFacts {
  readonly attempt: Attempt;
  readonly id: string | undefined;
  readonly type: string | undefined;
  /** The tenant whose secret fitted. */
  readonly ringTenant: string | undefined;
  /** The tenant that the delivery names. */
  readonly namedTenant: string | undefined;
}

export interface ClaimPlan {
  readonly key: string;
  readonly mark: string | undefined;
  readonly partition: string;
  readonly tag: string;
  /** What a mark that is met again means: an honest retry comes signed anew (`refuse`), or it may be an equal event (`flag`). */
  readonly onMark: "refuse" | "flag";
}

const LONE_SURROGATE = /\p{Cs}/u;

/** One field, so that no two lists of fields give one text; UTF-8 has no lone surrogates, JSON's escapes do. */
function toField(text: string): string {
  return LONE_SURROGATE.test(text) ? `j${toField(JSON.stringify(text))}` : `${text.length}:${text}`;
}

const toFields = (fields: readonly (string | undefined)[]): string =>
  fields.map((field) => (field === undefined ? "-" : toField(field))).join("");

/** Makes the planner of one receiver. It answers nothing where a delivery has neither an id nor content that may not recur. */
export function createClaimPlanner(endpoint: string, repeats: "accept" | "refuse"): (facts: ClaimFacts) => Promise<ClaimPlan | undefined> {
  const name = toField(endpoint);
  const toDigest = (fields: readonly (string | undefined)[]): Awaitable<string> => fingerprint([name + toFields(fields)]);

  return async (facts) => {
    const { attempt, id, ringTenant } = facts;
    const { scheme } = attempt;
    const { unique = "nothing", signedAnew } = scheme.words;
    // what is unsigned and decides what a handler does joins every key; the content without it is then left as a mark
    const decides = [scheme.signed.type ? undefined : facts.type, scheme.tenantSigned ? undefined : facts.namedTenant];
    const isJoined = decides.some((text) => text !== undefined);

    const plan = async (
      what: readonly string[],
      mark: readonly string[] | undefined,
      tag: string,
      onMark: ClaimPlan["onMark"] = "flag",
    ): Promise<ClaimPlan> => {
      const made = toDigest([ringTenant, ...decides, ...what]);
      const key = typeof made === "string" ? made : await made;
      if (mark === undefined) return { key, mark, partition: key, tag, onMark };
      const markDigest = await toDigest(["mark", ringTenant, ...mark]);
      return { key, mark: markDigest, partition: markDigest, tag, onMark };
    };
    const onContent = (content: string, tag: string): Promise<ClaimPlan> =>
      plan(["content", content], isJoined ? ["content", content] : undefined, tag);

    if (id !== undefined && scheme.signed.id) return plan(["id", id], isJoined ? ["id", id] : undefined, stampOf(attempt));
    if (unique === "body") return onContent(await bodyDigest(attempt), stampOf(attempt));
    if (unique === "stamped" && signedAnew !== true) return onContent(await contentDigest(attempt), "");
    if (id !== undefined && (unique === "stamped" || repeats === "accept")) {
      const content = await contentDigest(attempt);
      const body = signsBodyAlone(scheme) ? content : await bodyDigest(attempt);
      return plan(["id", id, body], ["content", content], content, unique === "stamped" ? "refuse" : "flag");
    }
    if (unique === "stamped" || repeats === "refuse") return onContent(await contentDigest(attempt), "");
    return undefined;
  };
}

/** The signed timestamp's text: where keys are equal, equal stamps are equal signed contents. */
function stampOf(attempt: Attempt): string {
  const { timestamp, signed } = attempt.scheme;
  return timestamp === undefined || !signed.timestamp ? "" : (attempt.read(timestamp.source) ?? "").slice(0, 64);
}

const signsBodyAlone = ({ content, family }: CompiledScheme): boolean => family === "token" || content[0]?.source === "{body}";

/** The exact body, and the target where the URL is signed: a GET says everything there. */
function bodyDigest({ reading, scheme }: Attempt): Awaitable<string> {
  return fingerprint(scheme.signed.url ? [toField(reading.target), reading.body] : [reading.body]);
}

const NO_SECRET: SecretKey = { bytes: () => new Uint8Array() };

/** What is signed. A token signs nothing, so that its content is the body; of a JWT it is what stands before the signature. */
async function contentDigest(attempt: Attempt): Promise<string> {
  const { scheme, token } = attempt;
  if (signsBodyAlone(scheme)) return bodyDigest(attempt);
  if (scheme.family === "jwt") return fingerprint([token.slice(0, token.lastIndexOf("."))]);
  return fingerprint(await contentOf(scheme, attempt, NO_SECRET));
}
