import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const subpaths: string[] = Object.keys(manifest.exports)
  .filter((path) => path !== "./package.json")
  .map((path) => path.slice(2));
/** What two presets share, and no preset. */
const SHARED = ["standard-webhooks-schemes"];
const files = readdirSync(new URL("src/", root)).map((file) => file.replace(/\.ts$/, ""));

const toCamelCase = (id: string): string => id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function load(id: string) {
  const path = `@countersign/providers/${id}`;
  return import(path);
}

describe("the package's exports", () => {
  it("are the files of src, each under its own name", () => {
    expect(subpaths.toSorted()).toEqual(files.filter((file) => !SHARED.includes(file)).toSorted());
  });

  it.each(subpaths)("lead from %s to its source, types and build", (id) => {
    expect(manifest.exports[`./${id}`]).toEqual({
      "@countersign/source": `./src/${id}.ts`,
      types: `./dist/${id}.d.ts`,
      default: `./dist/${id}.js`,
    });
  });

  it.each(subpaths)("name the preset of %s by its id in camelCase, and nothing else", async (id) => {
    const module = await load(id);
    expect(Object.keys(module)).toEqual([toCamelCase(id)]);
    expect(module[toCamelCase(id)]).toBeTypeOf("function");
  });

  const declared = subpaths.filter((id) => !id.startsWith("generic-"));
  it.each(declared)("hold a declaration of %s with its page and the day it was checked", async (id) => {
    const { [toCamelCase(id)]: preset } = await load(id);
    expect(preset.declaration).toMatchObject({
      name: id,
      docs: expect.stringMatching(/^https:/),
      checked: expect.stringMatching(/^\d{4}-/),
    });
  });

  it.each(subpaths)("have a row for %s in the README", (id) => {
    expect(readFileSync(new URL("README.md", root), "utf8")).toContain(`| \`${id}\``);
  });
});
