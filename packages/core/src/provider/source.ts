import { Refusal } from "../errors.js";
import { opensLikeJson, toScalarText } from "../payload.js";
import type { Attempt } from "./attempt.js";

/** A field name of RFC 9110, section 5.1. */
export const HEADER = /^[!#$%&'*+.^_`|~\da-z-]+$/;
/** What other languages of paths write: a root, a list's position in brackets, a step without a name. */
const FOREIGN_STEP = /^$|^\$$|\[(\d+|\*)\]$/;

const KINDS = ["header", "query", "json", "form", "field", "claim"] as const;
/** `method` and `body` (what it opens like) are for conditions alone. */
export type SourceKind = (typeof KINDS)[number] | "method" | "body";

/** A source of the declaration language, taken apart once. */
export interface SourceReader {
  readonly text: string;
  readonly kind: SourceKind;
  readonly name: string;
  /** The steps of a `json:` path. */
  readonly path: readonly string[];
  /** Whether it can be read before the body is. */
  readonly early: boolean;
  /** Whether its text is UTF-8; otherwise each character is one byte of the wire. */
  readonly utf8: boolean;
}

/** A text that is a window on a longer one is compared on a slow path, and a header's name is compared at each delivery: copies it. */
const toOwnText = (text: string): string => [...text].join("");

/**
 * Takes a source apart.
 * @throws Error if it is none
 */
export function compileSource(text: string, fieldsAreEarly: boolean): SourceReader {
  const at = text.indexOf(":");
  const kind = KINDS.find((known) => known === text.slice(0, at));
  const name = toOwnText(text.slice(at + 1));
  if (kind === undefined || name === "") throw new Error(`no such source: ${text}`);
  if (kind === "header" && name !== name.toLowerCase()) throw new Error(`header names are lower-case: ${text}`);
  if (kind === "header" && !HEADER.test(name)) throw new Error(`no header has such a name: ${text}`);
  const path = kind === "json" ? name.split(".") : [];
  if (path.some((step) => FOREIGN_STEP.test(step))) throw new Error(`a path has steps with dots between, such as json:a.0.b: ${text}`);
  return {
    text,
    kind,
    name,
    path,
    early: kind === "header" || kind === "query" || (kind === "field" && fieldsAreEarly),
    utf8: kind !== "header" && kind !== "field",
  };
}

/** What a condition reads of the delivery as a whole. */
export function sourceOf(kind: "method" | "body"): SourceReader {
  return { text: kind, kind, name: kind, path: [], early: kind === "method", utf8: true };
}

/** @throws Refusal `HEADER_DUPLICATED` if it is there more than once */
export function readSource(source: SourceReader, attempt: Attempt): string | undefined {
  const { reading } = attempt;
  switch (source.kind) {
    case "header":
      return reading.headers.only(source.name);
    case "query":
      return only(reading.query.getAll(source.name), source);
    case "field":
      return attempt.field(source.name);
    case "json":
      return attempt.json(source.path);
    case "form": {
      const body = reading.parsed(!attempt.proven);
      if (body.kind !== "form") return undefined;
      return only(
        body.fields.filter(([name]) => name === source.name).map(([, value]) => value),
        source,
      );
    }
    case "method":
      return reading.method;
    case "body":
      return opensLikeJson(reading.body) ? "json" : "form";
    case "claim":
      return attempt.claims === undefined || !Object.hasOwn(attempt.claims, source.name)
        ? undefined
        : toScalarText(attempt.claims[source.name]);
  }
}

function only(values: readonly string[], source: SourceReader): string | undefined {
  if (values.length > 1) throw new Refusal("HEADER_DUPLICATED", `${source.text} came ${values.length} times`);
  return values[0];
}
