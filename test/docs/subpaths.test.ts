import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readPages } from "./markdown.js";

const NAME = /@countersign\/([a-z][a-z0-9-]*)((?:\/[a-z0-9-]+)*)/g;

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
}

function isExported(name: string, subpath: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")) as Manifest;
    // a package of subpaths alone is named as a whole in prose and in `npm install`
    return subpath === "" || Object.hasOwn(manifest.exports, `.${subpath}`);
  } catch {
    return false;
  }
}

describe("public names", () => {
  it.each(readPages().map((page) => [page.path, page] as const))("that %s mentions exist", (path, { lines }) => {
    const missing = lines.flatMap((text, index) =>
      [...text.matchAll(NAME)].flatMap(([named, name, subpath]) =>
        isExported(name as string, subpath as string) || named === "@countersign/source" ? [] : [`${path}:${index + 1} ${named}`],
      ),
    );
    expect(missing).toEqual([]);
  });
});
