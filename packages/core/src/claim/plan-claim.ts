/**
 * What a claim's key and mark rest on: the table of docs/threat-model.md, row by row. Two rules decide every doubt: an honest event
 * is never lost, and a captured delivery never runs a handler twice wherever the scheme lets us tell.
 */
import { fingerprint } from "#crypto";
import { type Awaitable, andThen } from "../awaitable.js";
import type { Attempt } from "../provider/attempt.js";
import type { CompiledScheme } from "../provider/compile.js";
import { contentOf } from "../provider/fitting-key.js";
import type { SecretKey } from "../signature/crypto.js";

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

function toFields(fields: readonly (string | undefined)[]): string {
  let text = "";
  for (const field of fields) text += field === undefined ? "-" : toField(field);
  return text;
}

/** A row of the table: what the key and the mark rest on. */
interface Row {
  readonly key: readonly string[];
  /** Left where the key meets more than what is signed. */
  readonly mark: readonly string[];
  readonly tag: string;
  /** `joined`: only where something unsigned joins the key. */
  readonly marks: "joined" | "flag" | "refuse";
}

/** Makes the planner of one receiver. It answers nothing where a delivery has neither an id nor content that may not recur. */
export function createClaimPlanner(
  endpoint: string,
  repeats: "accept" | "refuse",
): (facts: ClaimFacts) => Awaitable<ClaimPlan | undefined> {
  const name = toField(endpoint);

  const toPlan = (
    row: Row | undefined,
    { attempt: { scheme }, type: named, ringTenant, namedTenant }: ClaimFacts,
  ): Awaitable<ClaimPlan | undefined> => {
    if (row === undefined) return undefined;
    const { tag, marks } = row;
    // what is unsigned and decides what a handler does joins every key; what is signed is then left as a mark
    const type = scheme.signed.type ? undefined : named;
    const tenant = scheme.tenantSigned ? undefined : namedTenant;
    const onMark = marks === "refuse" ? "refuse" : "flag";
    const key = fingerprint([name + toFields([ringTenant, type, tenant, ...row.key])]);
    if (marks === "joined" && type === undefined && tenant === undefined)
      return both(key, undefined, (made) => ({ key: made, mark: undefined, partition: made, tag, onMark }));
    const mark = fingerprint([name + toFields(["mark", ringTenant, ...row.mark])]);
    return both(key, mark, (made, marked) => ({ key: made, mark: marked, partition: marked, tag, onMark }));
  };
  return (facts) => {
    if (facts.id !== undefined && facts.attempt.scheme.signed.id) return toPlan(signedIdRow(facts.id, facts.attempt), facts);
    return contentRow(facts, repeats).then((row) => toPlan(row, facts));
  };
}

/** Digests are at hand on Node, and promises elsewhere. */
function both<M extends string | undefined>(
  key: Awaitable<string>,
  mark: Awaitable<M>,
  make: (key: string, mark: M) => ClaimPlan,
): Awaitable<ClaimPlan> {
  return andThen(key, (made) => andThen(mark, (marked) => make(made, marked)));
}

function signedIdRow(id: string, attempt: Attempt): Row {
  return { key: ["id", id], mark: ["id", id], tag: stampOf(attempt), marks: "joined" };
}

async function contentRow({ attempt, id }: ClaimFacts, repeats: "accept" | "refuse"): Promise<Row | undefined> {
  const { scheme } = attempt;
  const { unique = "nothing", signedAnew } = scheme.words;
  const onContent = (content: string, tag: string): Row => ({
    key: ["content", content],
    mark: ["content", content],
    tag,
    marks: "joined",
  });
  if (unique === "body") return onContent(await bodyDigest(attempt), stampOf(attempt));
  if (unique === "stamped" && signedAnew !== true) return onContent(await contentDigest(attempt), "");
  if (id !== undefined && (unique === "stamped" || repeats === "accept")) {
    const content = await contentDigest(attempt);
    const body = signsBodyAlone(scheme) ? content : await bodyDigest(attempt);
    return { key: ["id", id, body], mark: ["content", content], tag: content, marks: unique === "stamped" ? "refuse" : "flag" };
  }
  if (unique !== "stamped" && repeats === "accept") return undefined;
  const row = onContent(await contentDigest(attempt), "");
  // a captured delivery whose id was taken away meets the mark of the one that had it
  return unique === "stamped" && scheme.id !== undefined ? { ...row, marks: "refuse" } : row;
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
