/** Bodies as JSON and forms. What is read of a body never depends on its content type alone: nobody signs that header. */
import { Refusal } from "./errors.js";

/** What a body turned out to be. */
export type ParsedBody =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "form"; readonly fields: readonly (readonly [string, string])[] }
  | { readonly kind: "bytes" }
  | { readonly kind: "empty" };

/** What the provider's words speak of. */
export interface BodyExpectation {
  readonly expectsForm: boolean;
  readonly expectsJson: boolean;
  /** Whether the proof, or what names the event, stands in a form: then it is read whatever the content type claims. */
  readonly needsForm?: boolean;
}

/** How deep a body may be nested that is parsed before it has proven itself. */
const MAX_DEPTH = 64;

const decoder = new TextDecoder("utf-8", { fatal: true });

const JSON_TYPE = /^[^;]*[/+]json\s*(;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;|$)/i;
const MULTIPART = /^multipart\//i;

const isOf = (type: RegExp, contentType: string | undefined): boolean => contentType !== undefined && type.test(contentType);

/** Decodes UTF-8, skipping a byte order mark; `undefined` where the bytes are none. */
function tryText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether the first character that is no white space opens an object or a list: no form begins so. */
export function opensLikeJson(bytes: Uint8Array): boolean {
  const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x7b || byte === 0x5b) return true;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  }
  return false;
}

function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) throw new Refusal("PAYLOAD_MALFORMED", `the body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}

const unescapeField = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));

/** Parses a form; `undefined` where it holds a broken percent escape. */
function tryForm(text: string): (readonly [string, string])[] | undefined {
  try {
    return text
      .split("&")
      .filter((field) => field !== "")
      .map((field) => {
        const at = field.indexOf("=");
        return at < 0
          ? ([unescapeField(field), ""] as const)
          : ([unescapeField(field.slice(0, at)), unescapeField(field.slice(at + 1))] as const);
      });
  } catch {
    return undefined;
  }
}

/** Parses JSON, which knows no `undefined`: that is the answer where the text is none. */
function tryJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Finds out what a body is. What its content type claims it must be. Where the provider's words speak of JSON, or no type is claimed,
 * a body that opens like JSON and parses is JSON. Else it is a form where the proof or the event's name needs one, and where the words
 * speak of forms and no type is claimed; else bytes.
 *
 * @param bounded limits the depth, for what is parsed before it has proven itself
 * @throws Refusal `PAYLOAD_MALFORMED`
 */
export function parseBody(
  bytes: Uint8Array,
  contentType: string | undefined,
  { expectsForm, expectsJson, needsForm }: BodyExpectation,
  bounded: boolean,
): ParsedBody {
  if (bytes.length === 0) return { kind: "empty" };
  const claimsJson = isOf(JSON_TYPE, contentType);
  const mustBeForm = needsForm || isOf(FORM_TYPE, contentType);
  const maybeForm = mustBeForm || (expectsForm && contentType === undefined);
  const maybeJson = claimsJson || ((expectsJson || contentType === undefined) && opensLikeJson(bytes));
  if (!maybeJson && !maybeForm) return { kind: "bytes" };
  if (maybeJson && bounded) checkDepth(bytes);
  const text = tryText(bytes);
  const json = maybeJson ? tryJson(text) : undefined;
  if (json !== undefined) return { kind: "json", value: json };
  if (claimsJson) throw new Refusal("PAYLOAD_MALFORMED", `the body claims to be JSON and is not${text === undefined ? " even UTF-8" : ""}`);
  if (!maybeForm) return { kind: "bytes" };
  if (isOf(MULTIPART, contentType))
    throw new Refusal("PAYLOAD_MALFORMED", "multipart is not read; have it sent as JSON or a urlencoded form");
  const fields = text === undefined ? undefined : tryForm(text);
  if (fields !== undefined) return { kind: "form", fields };
  if (!mustBeForm) return { kind: "bytes" };
  throw new Refusal("PAYLOAD_MALFORMED", text === undefined ? "the form is not UTF-8" : "the form holds a broken percent escape");
}

/** A form as an object: a field that came several times is a list. Keys are own properties, whatever their names. */
export function toFormObject(fields: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of fields) {
    const before = values.get(name);
    if (before === undefined) values.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else values.set(name, [before, value]);
  }
  return Object.fromEntries(values);
}

/**
 * Walks a path of own properties and list positions; the step `*` is the only element of a list.
 * An empty path is the value itself.
 */
export function walk(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const step of path) {
    if (step === "*") at = Array.isArray(at) && at.length === 1 ? at[0] : undefined;
    else at = typeof at === "object" && at !== null && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : undefined;
  }
  return at;
}

/** A JSON scalar as text. A number that JSON may have rounded is no text: two ids could become one. */
export function toScalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
