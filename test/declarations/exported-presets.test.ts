import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const FILE = fileURLToPath(new URL("./exported-presets.ts", import.meta.url));

describe("a preset's type", () => {
  it("can be exported with declarations, by names that the package exports", () => {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      customConditions: ["@countersign/source"],
      strict: true,
      declaration: true,
      emitDeclarationOnly: true,
      types: [],
      skipLibCheck: true,
    };
    const program = ts.createProgram([FILE], options);
    let written = "";
    const { diagnostics } = program.emit(program.getSourceFile(FILE), (_, text) => {
      written += text;
    });
    expect(diagnostics.map(({ messageText }) => messageText)).toEqual([]);
    const modules = [...written.matchAll(/(?:from |import\()"([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(modules)).toEqual(new Set(["@countersign/core"]));
  });
});
