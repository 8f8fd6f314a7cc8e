import { isEqual } from "#crypto";
import { type Awaitable, andThen, firstOf } from "../awaitable.js";
import type { Part } from "../signature/crypto.js";
import { isAscii, toUtf8, toWireBytes } from "../signature/encodings.js";
import type { Attempt } from "./attempt.js";
import type { Match } from "./declaration.js";
import { type Ink, render } from "./render.js";
import { check, METHOD, one } from "./rule.js";
import { compileSource, type SourceReader, sourceOf } from "./source.js";
import { compileTemplate, type Template, type TemplateContext, withOptions } from "./template.js";

interface Condition {
  readonly source: SourceReader;
  readonly wanted: boolean | Template;
  /** The text that is wanted, where it has no holes. */
  readonly literal: string | undefined;
}

/** A `Match` of the declaration language, taken apart once. */
export interface CompiledMatch {
  readonly method: string | undefined;
  /** Those that can be decided before the body is read come first, so that it is parsed only where they hold. */
  readonly conditions: readonly Condition[];
  /** Whether it can be decided at once, before the body is read. */
  readonly early: boolean;
}

/** @throws Error naming what is wrong */
export function compileMatch(match: Match | undefined, context: TemplateContext): CompiledMatch {
  const conditions = Object.entries(match ?? {}).map(([text, wanted]): Condition => {
    const of = text === "method" || text === "body" ? text : undefined;
    if (of !== undefined) check(of, wanted, of === "method" ? METHOD : one("json", "form"));
    else if (typeof wanted !== "boolean" && typeof wanted !== "string")
      throw new Error(`${text} is neither present, absent nor a template`);
    return {
      source: of === undefined ? compileSource(withOptions(text, context.options), context.fieldsAreEarly) : sourceOf(of),
      wanted: typeof wanted === "string" ? compileTemplate(wanted, context) : (wanted as boolean),
      literal: typeof wanted === "string" && isAscii(wanted) && !wanted.includes("{") ? wanted : undefined,
    };
  });
  conditions.sort((a, b) => rankOf(a) - rankOf(b));
  return { method: match?.method, conditions, early: conditions.every((condition) => rankOf(condition) < 2) };
}

/** What it takes to decide: the method, what else comes before the body, the body's first character, what it says. */
function rankOf({ source, wanted }: Condition): number {
  if (source.kind === "method") return 0;
  if (source.early && (typeof wanted === "boolean" || (wanted.early && !wanted.digests))) return 1;
  return source.kind === "body" ? 2 : 3;
}

/** Tells whether all conditions hold. */
export function matches({ conditions }: CompiledMatch, attempt: Attempt, ink: Ink): Awaitable<boolean> {
  const failed = firstOf(conditions, (condition) => andThen(holds(condition, attempt, ink), (held) => (held ? undefined : "failed")));
  return andThen(failed, (found) => found === undefined);
}

function holds({ source, wanted, literal }: Condition, attempt: Attempt, ink: Ink): Awaitable<boolean> {
  const value = attempt.read(source);
  if (typeof wanted === "boolean") return (value !== undefined) === wanted;
  if (value === undefined) return false;
  if (literal !== undefined) return value === literal;
  const seen = source.utf8 ? toUtf8(value) : toWireBytes(value);
  const parts = render(wanted, attempt, ink);
  return "then" in parts ? parts.then((written) => isSameText(seen, written)) : isSameText(seen, parts);
}

/** Compares in constant time; padding of base64 does not count. */
function isSameText(seen: Uint8Array, parts: readonly Part[]): boolean {
  const wanted = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    wanted.set(typeof part === "string" ? toWireBytes(part) : part, at);
    at += part.length;
  }
  return isEqual(unpadded(seen), unpadded(wanted));
}

function unpadded(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 61) end--;
  return bytes.subarray(0, end);
}
