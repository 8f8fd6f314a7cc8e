import type { Encoding } from "../signature/encodings.js";
import { compileSource, type SourceReader } from "./source.js";

/** What a template is compiled with: the texts that are settled by configuration, and the scheme's own sources. */
export interface TemplateContext {
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly publicUrl: string | undefined;
  readonly fieldsAreEarly: boolean;
  readonly timestamp: SourceReader | undefined;
  readonly id: SourceReader | undefined;
}

type Filter = "lower" | "unescape" | "crc32" | "port" | "portless" | { readonly how: "hash" | "hmac"; readonly encoding: Encoding };
/** A hole, and what fills it. */
export interface Atom {
  readonly name: "body" | "secret" | "method" | "publicUrl" | "url" | "params" | "option" | "timestamp" | SourceReader;
  readonly text: string;
  readonly filter: Filter | undefined;
}
type Piece = string | Atom | Group;
/** Written where all its atoms are there, and else left out. */
interface Group {
  readonly optional: readonly Piece[];
}

/** A text with holes, taken apart once. */
export interface Template {
  readonly source: string;
  readonly pieces: readonly Piece[];
  readonly hasGroups: boolean;
  /** Whether a hash must be computed before the text can be written. */
  readonly digests: boolean;
  /** Whether it can be written before the body is read. */
  readonly early: boolean;
}

const FILTER = /^(lower|unescape|crc32|port|portless|(sha256|hmac)-(hex|base64|base64url))$/;
const PLAIN_ATOMS = ["body", "secret", "method", "publicUrl", "url", "params"] as const;

function compileFilter(text: string): Filter {
  const found = FILTER.exec(text);
  if (found === null) throw new Error(`no such filter: ${text}`);
  const [, plain, how, encoding] = found;
  return how === undefined ? (plain as "lower") : { how: how === "hmac" ? "hmac" : "hash", encoding: encoding as Encoding };
}

function compileAtom(expression: string, context: TemplateContext): Atom {
  const bar = expression.indexOf("|");
  const text = bar < 0 ? expression : expression.slice(0, bar);
  const filter = bar < 0 ? undefined : compileFilter(expression.slice(bar + 1));
  const plain = PLAIN_ATOMS.find((name) => name === text);
  if (plain !== undefined) return { name: plain, text, filter };
  if (text === "timestamp" || text === "id") {
    const source = context[text];
    if (source === undefined) throw new Error(`{${text}} needs ${text === "id" ? "an" : "a"} ${text} that is one source`);
    return { name: source, text, filter };
  }
  if (text.startsWith("option:")) {
    const name = text.slice(7);
    optionOf(name, context.options);
    return { name: "option", text: name, filter };
  }
  return { name: compileSource(withOptions(text, context.options), context.fieldsAreEarly), text, filter };
}

function optionOf(name: string, options: TemplateContext["options"]): string {
  const value = Object.hasOwn(options, name) ? options[name] : undefined;
  if (value === undefined) throw new Error(`no such option: ${name}`);
  return value;
}

/** Writes the names that the user chose into a source; a header's is lower-case, however it was written. */
export function withOptions(source: string, options: TemplateContext["options"]): string {
  const isHeader = source.startsWith("header:");
  return source.replace(/\{option:(\w+)\}/g, (_, name: string) => {
    const value = optionOf(name, options);
    return isHeader ? value.toLowerCase() : value;
  });
}

function compilePieces(text: string, context: TemplateContext): Piece[] {
  const pieces: Piece[] = [];
  const parts = text.split(/(\{(?:[^{}]|\{option:\w+\})*\}|\[[^[\]]*\])/);
  for (const part of parts) {
    if (part === "") continue;
    if (/^\{.*\}$/s.test(part)) pieces.push(compileAtom(part.slice(1, -1), context));
    else if (/^\[.*\{.*\]$/s.test(part)) pieces.push({ optional: compilePieces(part.slice(1, -1), context) });
    else if (/^\[[^{}]*\]$/.test(part)) pieces.push(part);
    else if (/[{}[\]]/.test(part)) throw new Error(`unbalanced brackets: ${text}`);
    else pieces.push(part);
  }
  return pieces;
}

export const isGroup = (piece: Piece): piece is Group => typeof piece === "object" && "optional" in piece;
/** The pieces of a template, those of its groups among them. */
export const flatten = (pieces: readonly Piece[]): (string | Atom)[] =>
  pieces.flatMap((piece) => (isGroup(piece) ? flatten(piece.optional) : [piece]));
const isDigest = (piece: string | Atom): boolean => typeof piece === "object" && typeof piece.filter === "object";
const LATE_ATOMS: readonly unknown[] = ["body", "params"];
const isEarly = (piece: string | Atom): boolean =>
  typeof piece === "string" || (typeof piece.name === "string" ? !LATE_ATOMS.includes(piece.name) : piece.name.early);

/**
 * Takes a template apart.
 * @throws Error naming what is wrong with it
 */
export function compileTemplate(source: string, context: TemplateContext): Template {
  const pieces = compilePieces(source, context);
  const flat = flatten(pieces);
  return { source, pieces, hasGroups: pieces.some(isGroup), digests: flat.some(isDigest), early: flat.every(isEarly) };
}

/** The text that ends a source's in a template where more comes after it; else nothing. */
export function endOf({ pieces }: Template, { text }: SourceReader): string | undefined {
  const flat = flatten(pieces);
  const at = flat.findIndex((piece) => typeof piece === "object" && typeof piece.name === "object" && piece.name.text === text);
  const next = flat[at + 1];
  return at >= 0 && at + 2 < flat.length && typeof next === "string" ? next : undefined;
}
