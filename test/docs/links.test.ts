import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf, type Page, ROOT, readPage, readPages } from "./markdown.js";

const pages = readPages();

/** Links that lead nowhere, each with its line. */
function brokenLinksOf(page: Page): string[] {
  return linksOf(page).flatMap(({ line, target }) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    const path = file === "" ? page.path : normalize(join(dirname(page.path), file));
    const full = join(ROOT, path);
    if (!existsSync(full)) return [`${page.path}:${line} ${target}: no such file`];
    if (anchor === undefined || statSync(full).isDirectory()) return [];
    return anchorsOf(readPage(path)).has(anchor) ? [] : [`${page.path}:${line} ${target}: no such heading`];
  });
}

describe("relative links", () => {
  it("are found at all", () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(100);
  });

  it.each(pages.map((page) => [page.path, page] as const))("lead somewhere in %s", (_, page) => {
    expect(brokenLinksOf(page)).toEqual([]);
  });
});
