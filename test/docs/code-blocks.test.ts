import { beforeAll, describe, expect, it } from "vitest";
import { compileBlocks, writeBlocks } from "./code-blocks.js";

const modules = writeBlocks();
let said: Map<string, string[]>;

beforeAll(async () => {
  said = await compileBlocks(modules);
}, 240_000);

describe("code blocks", () => {
  it("are found at all", () => {
    expect(modules.length).toBeGreaterThan(40);
  });

  it.each(modules.map(({ block, file }) => [block.page.path, block.line, file] as const))("compile: %s, line %d", (_path, _line, file) => {
    expect(said.get(file)).toEqual([]);
  });

  it("leave nothing else for the compiler to say", () => {
    const others = [...said].filter(([file]) => !modules.some((module) => module.file === file));
    expect(others).toEqual([]);
  });
});
