import { describe, expect, it } from "vitest";
import { complete, partial, SURVEYED } from "./declared.js";
import { jwt, keyFetcher } from "./mechanisms.js";

/** Paths of all functions in a declaration. */
function functionsIn(value: unknown, path: string): string[] {
  if (typeof value === "function") return [path];
  if (value === jwt || value === keyFetcher || typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => functionsIn(item, `${path}.${name}`));
}

/** Paths of all members that are a mechanism. */
function mechanismsIn(value: unknown, path: string): string[] {
  if (value === jwt || value === keyFetcher) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => mechanismsIn(item, `${path}.${name}`));
}

const all = [...complete, ...partial];

describe("defineProvider", () => {
  it("says at least four fifths of the surveyed providers in full", () => {
    expect(complete).toHaveLength(109);
    expect(complete.length / SURVEYED).toBeGreaterThanOrEqual(4 / 5);
  });

  it("says each under its own name", () => {
    expect(new Set(all.map(({ declaration }) => declaration.name)).size).toBe(all.length);
  });

  it.each(all.map((preset) => [preset.declaration.name, preset.declaration] as const))("declares %s as data", (name, declaration) => {
    expect(functionsIn(declaration, name)).toEqual([]);
    for (const path of mechanismsIn(declaration, name)) expect(path).toMatch(/\.mechanism$/);
  });

  it("names a mechanism for tokens and fetched keys, and for nothing else", () => {
    const named = all.filter(({ declaration }) => mechanismsIn(declaration, "").length > 0);
    for (const { declaration } of named) {
      const schemes = declaration.schemes?.map(({ scheme }) => scheme) ?? [declaration];
      const needs = schemes.some(
        ({ algorithm, publicKey }) => algorithm?.startsWith("jwt-") || (typeof publicKey === "object" && "url" in publicKey),
      );
      expect(needs).toBe(true);
    }
    expect(named).toHaveLength(12);
  });
});
