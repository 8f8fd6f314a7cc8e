import type { Attempt } from "./attempt.js";
import type { Pick } from "./declaration.js";
import { compileSource, type SourceReader } from "./source.js";

/** A `Pick` of the declaration language, taken apart once. */
export type CompiledPick =
  | { readonly how: "one" | "all" | "either"; readonly sources: readonly SourceReader[] }
  | { readonly how: "keyBesides"; readonly keys: readonly string[] };

/** @throws Error if a source is none */
export function compilePick(pick: Pick, fieldsAreEarly: boolean): CompiledPick {
  if (typeof pick === "object" && "keyBesides" in pick) return { how: "keyBesides", keys: pick.keyBesides };
  const [how, texts] =
    typeof pick === "string"
      ? (["one", [pick]] as const)
      : "either" in pick
        ? (["either", pick.either] as const)
        : (["all", pick] as const);
  return { how, sources: texts.map((text) => compileSource(text, fieldsAreEarly)) };
}

/** Reads what a pick names; `undefined` where it, or a part of a composite, is not there or is empty. */
export function readPick(pick: CompiledPick | undefined, attempt: Attempt): string | undefined {
  if (pick === undefined) return undefined;
  if (pick.how === "keyBesides") {
    const payload = attempt.payload();
    if (typeof payload !== "object" || payload === null) return undefined;
    const keys = Object.keys(payload).filter((key) => !pick.keys.includes(key));
    return keys.length === 1 ? keys[0] : undefined;
  }
  if (pick.how === "one") return attempt.secured(pick.sources[0] as SourceReader) || undefined;
  const parts: string[] = [];
  for (const source of pick.sources) {
    const value = attempt.secured(source);
    const there = value !== undefined && value !== "";
    if (there) parts.push(value);
    if (there ? pick.how === "either" : pick.how !== "either") break;
  }
  if (pick.how !== "all") return parts[0];
  return parts.length === pick.sources.length ? composite(parts) : undefined;
}

/** Joins the parts so that no two lists of parts give one text. */
function composite(parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[\\.]/g, "\\$&")).join(".");
}
