import { type ParsedBody, walk } from "../payload.js";
import type { KeyForm, KeyPair } from "../signature/crypto.js";
import type { Encoding } from "../signature/encodings.js";
import { type TimestampUnit, type Tolerance, toTolerance } from "../timestamp.js";
import { checkScheme, checkTexts, checkWindow } from "./check-scheme.js";
import { checkDeclaration, checkHandshake } from "./check-words.js";
import { type CompiledMatch, compileMatch } from "./condition.js";
import type { AnyDeclaration, AnyScheme, SecretForm } from "./declaration.js";
import { type CompiledHandshake, type CompiledReply, compileHandshake, compileReply } from "./handshake.js";
import type { FetchedKeys, JwtMechanism } from "./mechanism.js";
import { type CompiledPick, compilePick } from "./pick.js";
import type { Reading } from "./reading.js";
import type { Ink } from "./render.js";
import { coverageOf, type SignedParts } from "./signed-parts.js";
import { compileSource, type SourceReader } from "./source.js";
import { compileTemplate, endOf, type Template, type TemplateContext, withOptions } from "./template.js";

/** The texts that only a configuration settles. */
export interface Settings {
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly publicUrl: string | undefined;
}

/** One scheme, taken apart once: what the checks read on every delivery. */
export interface CompiledScheme {
  readonly words: AnyScheme;
  readonly family: "hmac" | "hash" | "pair" | "token" | "jwt";
  readonly hash: Ink["hash"];
  readonly context: TemplateContext;
  readonly signature: CompiledSignature | undefined;
  readonly token: { readonly source: SourceReader; readonly prefix: string; readonly encoding: "base64" | undefined } | undefined;
  readonly content: readonly Template[];
  /** Whether the parts of the content are sorted before they are joined. */
  readonly sorted: boolean;
  readonly when: CompiledMatch;
  readonly require: CompiledMatch;
  readonly timestamp: CompiledTimestamp | undefined;
  readonly id: CompiledPick | undefined;
  /** What stands behind an id of the headers or the query where it is signed with more. */
  readonly idEnd: string | undefined;
  readonly type: CompiledPick | undefined;
  readonly tenant: CompiledPick | undefined;
  readonly signed: SignedParts;
  readonly tenantSigned: boolean;
  /** Whether a GET without a body has its query for a payload: where `signed` tells the truth about it. */
  readonly readsQuery: boolean;
  /** Whether the proof can be taken up before the body is read. */
  readonly early: boolean;
  readonly secretForm: SecretForm | undefined;
  readonly publicKeyForm: KeyForm | undefined;
  readonly publicKeyPrefix: string;
  readonly fetched: FetchedKeys | undefined;
  /** Where a delivery names the URL of its key. */
  readonly fetchedFrom: SourceReader | undefined;
  readonly mechanism: JwtMechanism | undefined;
  payloadOf(reading: Reading, bounded: boolean): unknown;
}

export interface CompiledSignature {
  readonly places: readonly SourceReader[];
  readonly separator: string | undefined;
  readonly prefix: string;
  readonly encoding: Encoding;
  readonly repeats: boolean;
  readonly maxCandidates: number;
}

export interface CompiledTimestamp {
  readonly source: SourceReader;
  readonly unit: TimestampUnit;
  /** `undefined` where it is reported and never judged. */
  readonly tolerance: Tolerance | undefined;
}

/** A declaration, taken apart once. */
export interface CompiledProvider {
  readonly declaration: AnyDeclaration;
  readonly schemes: readonly CompiledScheme[];
  readonly handshakes: readonly CompiledHandshake[];
  readonly success: CompiledReply | undefined;
  /** Methods of deliveries, and those that only handshakes use. */
  readonly methods: readonly string[];
  readonly handshakeMethods: readonly string[];
  /** Whether the words speak of form fields, and of JSON; and whether the proof, or what names the event, stands in a form. */
  readonly expectsForm: boolean;
  readonly expectsJson: boolean;
  readonly needsForm: boolean;
}

const FORM = /["{]form:|\{params[|}]/;
const JSON_ = /["{]json:|"keyBesides"/;
const MAX_CANDIDATES = 16;
const MAX_PLACES = 16;

/**
 * Takes a declaration apart.
 * @throws Error naming what is wrong with it and types could not see
 */
export function compileProvider(declaration: AnyDeclaration, settings: Settings): CompiledProvider {
  checkDeclaration(declaration);
  const { methods = ["POST"], handshake = [], payload } = declaration;
  const parts = (declaration.schemes?.map(({ scheme }) => ({ ...declaration, ...scheme })) ?? [declaration]) as readonly AnyScheme[];
  const schemes = parts.map((words) => compileScheme(declaration, words, settings));
  const [first] = schemes as [CompiledScheme];
  for (const words of handshake) checkHandshake(words, methods, parts);
  const handshakes = handshake.map((words) => compileHandshake(words, first.context));
  const text = JSON.stringify(declaration);
  const proof = JSON.stringify([
    parts.map(({ signature, token, content, ...words }) => [signature, token, content, words.require, words.when, words.timestamp]),
    parts.map(({ id, type, tenant }) => [id, type, tenant]),
    handshake.map(({ unsigned, when, learns }) => !unsigned && [when, learns]),
  ]);
  return {
    declaration,
    schemes,
    handshakes,
    success: declaration.success && compileReply(declaration.success, first.context),
    methods,
    handshakeMethods: handshakes.flatMap(({ when }) =>
      when.method === undefined || methods.includes(when.method as "GET") ? [] : [when.method],
    ),
    expectsForm: FORM.test(text),
    expectsJson: JSON_.test(text) || payload !== undefined,
    needsForm: FORM.test(proof) || (payload?.startsWith("form:") === true && JSON_.test(proof)),
  };
}

function compileScheme(declaration: AnyDeclaration, words: AnyScheme, settings: Settings): CompiledScheme {
  checkScheme(words);
  const rename = (source: string): string => withOptions(source, settings.options);
  const signature = words.signature && compileSignature(words.signature, rename);
  const fieldsAreEarly = signature?.places.every((place) => place.early) ?? true;
  const source = (text: string): SourceReader => compileSource(rename(text), fieldsAreEarly);
  const timestamp = words.timestamp && {
    source: source(words.timestamp.from),
    unit: words.timestamp.unit,
    tolerance: words.timestamp.tolerance === "unchecked" ? undefined : toTolerance(words.timestamp.tolerance, "timestamp.tolerance"),
  };
  const pick = (value: AnyScheme["id"]): CompiledPick | undefined => value && compilePick(renamePick(value, rename), fieldsAreEarly);
  const id = pick(words.id);
  const context: TemplateContext = {
    options: settings.options,
    publicUrl: settings.publicUrl,
    fieldsAreEarly,
    timestamp: timestamp?.source,
    id: id?.how === "one" ? id.sources[0] : undefined,
  };
  const { parts: signed, covers } = coverageOf(words);
  if (timestamp?.tolerance !== undefined) checkWindow(declaration, words, signed, timestamp.tolerance.past);
  checkTexts(words, signed);
  const texts = words.content === undefined ? [] : typeof words.content === "string" ? [words.content] : words.content.sorted;
  const content = texts.map((text) => compileTemplate(text, context));
  const token = words.token && { source: source(words.token.from), prefix: words.token.prefix ?? "", encoding: words.token.encoding };
  const when = compileMatch(words.when, context);
  const key = words.publicKey;
  const fetched = typeof key === "object" && "url" in key ? key : undefined;
  const form = typeof key === "object" && "encoding" in key ? key : undefined;
  return {
    words,
    family: familyOf(words),
    hash: hashOf(words),
    context,
    signature,
    token,
    content,
    sorted: typeof words.content === "object",
    when,
    require: compileMatch(words.require, context),
    timestamp,
    id,
    idEnd: content[0] && context.id?.early ? endOf(content[0], context.id) : undefined,
    type: pick(words.type),
    tenant: pick(words.tenant),
    signed,
    tenantSigned: covers(words.tenant),
    readsQuery: covers("query:") || !signed.payload,
    early: (signature?.places.every((place) => place.early) ?? true) && (token?.source.early ?? true),
    secretForm: words.secret,
    publicKeyForm: typeof key === "string" ? key : form?.encoding,
    publicKeyPrefix: form?.prefix ?? "",
    fetched: fetched && ({ ...fetched, url: rename(fetched.url) } as FetchedKeys),
    fetchedFrom: fetched === undefined || fetched.url.startsWith("https:") ? undefined : source(fetched.url),
    mechanism: words.mechanism,
    payloadOf: payloadReader(declaration.payload),
  };
}

function compileSignature(signature: NonNullable<AnyScheme["signature"]>, rename: (source: string) => string): CompiledSignature {
  const places = [signature.from].flat().flatMap((place) => {
    if (!place.includes("{n}")) return [rename(place)];
    return Array.from({ length: MAX_PLACES }, (_, n) => rename(place.replace("{n}", String(n + 1))));
  });
  return {
    places: places.map((place) => compileSource(place, false)),
    separator: signature.separator,
    prefix: rename(signature.prefix ?? ""),
    encoding: signature.encoding,
    repeats: signature.repeats ?? false,
    maxCandidates: signature.maxCandidates ?? MAX_CANDIDATES,
  };
}

function familyOf({ algorithm }: AnyScheme): CompiledScheme["family"] {
  if (algorithm === "token") return "token";
  if (algorithm === "sha1" || algorithm === "sha256") return "hash";
  if (algorithm.startsWith("hmac-")) return "hmac";
  return algorithm.startsWith("jwt-") ? "jwt" : "pair";
}

function hashOf({ algorithm }: AnyScheme): Ink["hash"] {
  return (/sha(1|256|384|512)$/.exec(algorithm)?.[0] ?? "sha256") as Ink["hash"];
}

/** What a scheme's public keys are for: the declaration says it, never the key. */
export function keyPairOf({ algorithm }: AnyScheme): KeyPair {
  if (algorithm === "jwt-es256") return "ecdsa-p256-sha256";
  return algorithm === "jwt-rs256" ? "rsa-sha256" : (algorithm as KeyPair);
}

const renamePick = (pick: NonNullable<AnyScheme["id"]>, rename: (source: string) => string): NonNullable<AnyScheme["id"]> =>
  JSON.parse(JSON.stringify(pick), (_, value: unknown) => (typeof value === "string" ? rename(value) : value));

/** Where `json:` starts: the whole body, a form's field that holds JSON, or an item inside an envelope. */
function payloadReader(place: AnyDeclaration["payload"]): CompiledScheme["payloadOf"] {
  const wholeOf = (body: ParsedBody): unknown => (body.kind === "json" ? body.value : undefined);
  if (place === undefined || place === "json") return (reading, bounded) => wholeOf(reading.parsed(bounded));
  const name = place.slice(5);
  if (place.startsWith("json:")) {
    const path = name.split(".");
    return (reading, bounded) => walk(wholeOf(reading.parsed(bounded)), path);
  }
  return (reading, bounded) => {
    const body = reading.parsed(bounded);
    return body.kind === "form" ? reading.formJson(name, bounded) : wholeOf(body);
  };
}
