/**
 * What a claim's key and mark rest on: the table of docs/threat-model.md, row by row. Two rules decide every doubt: an honest event
 * is never lost, and a captured delivery never runs a handler twice wherever the scheme lets us tell.
 */
import { fingerprint } from "#crypto";
import { type Awaitable, andThen } from "../awaitable.js";
import type { Attempt } from "../provider/attempt.js";
import type { CompiledScheme } from "../provider/compile.js";
import { contentOf } from "../provider/fitting-key.js";
import type { Reading } from "../provider/reading.js";
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

const toOptional = (field: string | undefined): string => (field === undefined ? "-" : toField(field));

// the words that tell one kind of fields from another
const ID = toField("id");
const CONTENT = toField("content");
const MARK = toField("mark");
const PARTITION = toField("partition");

/** A row of the table: the fields that the key and the mark rest on. */
interface Row {
  readonly key: string;
  /** Left where the key meets more than what is signed. */
  readonly mark: string;
  readonly tag: string;
  /** What follows from the key and from the mark alike, where the mark itself does not follow from the key. */
  readonly partition: string | undefined;
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
    { attempt: { scheme, reading }, type: named, ringTenant, namedTenant }: ClaimFacts,
  ): Awaitable<ClaimPlan | undefined> => {
    if (row === undefined) return undefined;
    const { tag, marks } = row;
    // what is unsigned and decides what a handler does joins every key; what is signed is then left as a mark
    const type = scheme.signed.type ? undefined : named;
    const tenant = scheme.tenantSigned ? undefined : namedTenant;
    const onMark = marks === "refuse" ? "refuse" : "flag";
    // so do the content type, and without a body the method: where a mark tells, lest a captured delivery run again unseen
    const read = marks === "joined" ? "" : toField(howRead(reading));
    const key = fingerprint([name + toOptional(ringTenant) + toOptional(type) + toOptional(tenant) + read + row.key]);
    if (marks === "joined" && !joinsUnsigned(scheme)) return andThen(key, (made) => planOf(made, undefined, tag, onMark));
    const mark = fingerprint([name + MARK + toOptional(ringTenant) + row.mark]);
    const partition = row.partition === undefined ? undefined : fingerprint([name + PARTITION + toOptional(ringTenant) + row.partition]);
    return andThen(key, (made) => andThen(mark, (marked) => andThen(partition, (shared) => planOf(made, marked, tag, onMark, shared))));
  };
  return (facts) => {
    if (facts.id !== undefined && facts.attempt.scheme.signed.id) return toPlan(signedIdRow(facts.id, facts.attempt), facts);
    return andThen(contentRow(facts, repeats), (row) => toPlan(row, facts));
  };
}

const howRead = (reading: Reading): string => {
  const { kind } = reading.parsed(false);
  return kind === "empty" ? reading.method : kind;
};

/** By the declaration and not by the delivery: what is unsigned can be taken away. */
const joinsUnsigned = ({ type, tenant, signed, tenantSigned }: CompiledScheme): boolean =>
  (type !== undefined && !signed.type) || (tenant !== undefined && !tenantSigned);

function planOf(
  key: string,
  mark: string | undefined,
  tag: string,
  onMark: ClaimPlan["onMark"],
  partition: string | undefined = mark ?? key,
): ClaimPlan {
  return { key, mark, partition, tag, onMark };
}

function signedIdRow(id: string, attempt: Attempt): Row {
  const fields = ID + toField(id);
  return { key: fields, mark: fields, tag: stampOf(attempt), marks: "joined", partition: undefined };
}

function contentRow({ attempt, id }: ClaimFacts, repeats: "accept" | "refuse"): Awaitable<Row | undefined> {
  const { scheme } = attempt;
  const { unique = "nothing", signedAnew } = scheme.words;
  if (unique === "body") return andThen(bodyDigest(attempt), (body) => contentAlone(body, stampOf(attempt), "joined"));
  if (unique === "stamped" && signedAnew !== true) return andThen(contentDigest(attempt), (content) => contentAlone(content, "", "joined"));
  if (id === undefined || (unique !== "stamped" && repeats === "refuse")) {
    if (unique !== "stamped" && repeats === "accept") return undefined;
    const alone = andThen(contentDigest(attempt), (content) => contentAlone(content, "", "joined"));
    if (unique !== "stamped" || scheme.id === undefined) return alone;
    // a captured delivery whose id was taken away meets the mark of the one that had it
    return andThen(alone, (row) =>
      andThen(bodyDigest(attempt), (body): Row => ({ ...row, marks: "refuse", partition: partitionOf(body, scheme) })),
    );
  }
  const marks = unique === "stamped" ? "refuse" : "flag";
  return andThen(contentDigest(attempt), (content) => {
    const keyed = (body: string, partition: string | undefined): Row => ({
      key: ID + toField(id) + toField(body),
      mark: CONTENT + toField(content),
      tag: content,
      marks,
      partition,
    });
    if (signsBodyAlone(scheme)) return keyed(content, undefined);
    return andThen(bodyDigest(attempt), (body) => keyed(body, partitionOf(body, scheme)));
  });
}

/**
 * A key of id and body stands for many contents, each with its own stamp. They share the body where it is signed as it is; else what
 * one content has in common with all bodies that it may come with is the endpoint.
 */
const partitionOf = (body: string, { signed }: CompiledScheme): string => (signed.body ? body : "");

function contentAlone(content: string, tag: string, marks: Row["marks"]): Row {
  const fields = CONTENT + toField(content);
  return { key: fields, mark: fields, tag, marks, partition: undefined };
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
function contentDigest(attempt: Attempt): Awaitable<string> {
  const { scheme, token } = attempt;
  if (signsBodyAlone(scheme)) return bodyDigest(attempt);
  if (scheme.family === "jwt") return fingerprint([token.slice(0, token.lastIndexOf("."))]);
  return andThen(contentOf(scheme, attempt, NO_SECRET), fingerprint);
}
