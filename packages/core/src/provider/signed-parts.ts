import type { AnyScheme, Pick } from "./declaration.js";

/** What the signature covers. Each follows from the declaration. */
export interface SignedParts {
  readonly id: boolean;
  readonly type: boolean;
  readonly timestamp: boolean;
  /** The exact bytes. */
  readonly body: boolean;
  /** All that the payload says, if not the bytes it came in. */
  readonly payload: boolean;
  readonly url: boolean;
}

const HOLE = /\{((?:[^{}|]|\{option:\w+\})*)(\|[^}]*)?\}/g;

/** What signs no text exactly: another one can meet a checksum, and case and escapes are lost in lower case and without escapes. */
const LOSSY: readonly unknown[] = ["|crc32", "|lower", "|unescape"];

/** Sources and atoms in a template's braces. */
const atomsOf = (template: string): string[] =>
  [...template.matchAll(HOLE)].filter(([, , filter]) => !LOSSY.includes(filter)).map(([, atom]) => atom as string);

const textsOf = (content: AnyScheme["content"]): readonly string[] =>
  content === undefined ? [] : typeof content === "string" ? [content] : content.sorted;

/** Works out what a scheme's proof covers, and whether it covers a given source. */
export function coverageOf(scheme: AnyScheme): { readonly parts: SignedParts; covers(pick: Pick | undefined): boolean } {
  const isJwt = scheme.mechanism !== undefined;
  // a condition that holds a signed text against the delivery signs what it names
  const heldAgainst = (kind: string): string[] =>
    Object.entries(scheme.require ?? {}).flatMap(([source, wanted]) =>
      source.startsWith(kind) && typeof wanted === "string" ? [wanted] : [],
    );
  const templates = [...textsOf(scheme.content), ...(isJwt ? heldAgainst("claim:") : [])];
  const signsUrl = templates.some((text) => atomsOf(text).includes("url"));
  if (signsUrl) templates.push(...heldAgainst("query:"));
  const atoms = new Set(templates.flatMap(atomsOf));
  const body = atoms.has("body");
  const params = atoms.has("params");
  // a form's field that holds the whole payload covers what is read of it; `json:` is a path that starts there
  const { payload: place } = scheme as { readonly payload?: string };
  const field = place?.startsWith("form:") === true && (params || atoms.has(place));

  const coversSource = (source: string): boolean =>
    atoms.has(source) ||
    (body && /^(json|form):/.test(source)) ||
    (field && source.startsWith("json:")) ||
    (params && source.startsWith("form:")) ||
    (signsUrl && source.startsWith("query:")) ||
    (isJwt && source.startsWith("claim:"));
  const covers = (pick: Pick | undefined): boolean => {
    if (pick === undefined) return false;
    if (typeof pick === "string") return coversSource(pick);
    if ("keyBesides" in pick) return body || field;
    return ("either" in pick ? pick.either : pick).every(coversSource);
  };
  return {
    covers,
    parts: {
      id: covers(scheme.id) || (scheme.id !== undefined && atoms.has("id")),
      type: covers(scheme.type),
      timestamp: scheme.timestamp !== undefined && (atoms.has("timestamp") || coversSource(scheme.timestamp.from)),
      body,
      // a scheme that signs fields one by one leaves the others to anyone
      payload: body || params || field,
      url: signsUrl || atoms.has("publicUrl"),
    },
  };
}
