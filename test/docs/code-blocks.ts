/** Makes a module of every TypeScript block on the pages, in a folder of its own where the workspace's packages resolve. */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { GIVEN } from "./given.js";
import { type CodeBlock, codeBlocksOf, ROOT, readPages } from "./markdown.js";

const FOLDER = join(ROOT, "test/docs/.blocks");

export interface BlockModule {
  readonly block: CodeBlock;
  /** Its file's name in the folder. */
  readonly file: string;
}

const OPTIONS = {
  extends: "../../../tsconfig.base.json",
  compilerOptions: {
    composite: false,
    emitDeclarationOnly: false,
    noEmit: true,
    // a reader's project is strict, and has seldom more than that
    exactOptionalPropertyTypes: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    experimentalDecorators: true,
  },
  include: ["*.ts", "../ambient.d.ts"],
};

const DECLARED = /^(?:export )?(?:declare )?(?:async )?(const|let|function|class|interface|type) (?:\{ )?(\w+)/gm;
const IMPORT = /^import (?:type )?([^;"]*?) from "[^"]+";$/gm;

/** The names that a text declares at its top, each as an export or import names it: a type with its word. */
function declaredIn(text: string): Map<string, string> {
  const found = [...text.matchAll(DECLARED)] as unknown as [string, string, string][];
  return new Map(found.map(([, kind, name]) => [name, /^(interface|type)$/.test(kind) ? `type ${name}` : name]));
}

/** Each import of a text by the names that it brings. */
function importsIn(text: string): { readonly names: readonly string[]; readonly statement: string }[] {
  return [...text.matchAll(IMPORT)].map(([statement, clause]) => ({
    names: (clause as string).match(/\w+(?=\s*(?:[,}]|$))/g) ?? [],
    statement,
  }));
}

/**
 * Writes the blocks marked `ts`. A block knows what blocks before it on the same page have declared and imported, as its reader does,
 * and the few names of {@link GIVEN}. Blocks marked `ts fragment`, and one-line signatures, are left out.
 */
export function writeBlocks(): BlockModule[] {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(OPTIONS));
  // SvelteKit makes this file beside each route
  writeFileSync(join(FOLDER, "$types.ts"), "export type RequestHandler = (event: { request: Request }) => Promise<Response>;\n");
  return readPages().flatMap((page) => {
    const known = new Map(Object.entries({ ...GIVEN["*"], ...GIVEN[page.path] }));
    const prefix = page.path.replace(/\.md$/, "").replaceAll("/", "-");
    return codeBlocksOf(page)
      .filter(({ info, text }) => info === "ts" && !/^\w+\(.*\): .*$/.test(text))
      .map((block) => {
        const file = `${prefix}-${block.line}.ts`;
        const declared = declaredIn(block.text);
        const own = new Set([...declared.keys(), ...importsIn(block.text).flatMap(({ names }) => names)]);
        const wanted = [...known].filter(([name]) => !own.has(name) && new RegExp(`(?<![\\w."'/@-])${name}\\b(?!:)`).test(block.text));
        const exported = [...declared].flatMap(([name, specifier]) =>
          new RegExp(`^export .*\\b${name}\\b`, "m").test(block.text) ? [] : [specifier],
        );
        const prelude = [...new Set(wanted.map(([, statement]) => statement))].join(" ");
        // the block begins in the second line
        const text = block.text.replace('"./$types"', '"./$types.js"');
        writeFileSync(join(FOLDER, file), `${prelude}\n${text}\nexport { ${exported.join(", ")} };\n`);
        for (const { names, statement } of importsIn(block.text)) for (const name of names) known.set(name, statement);
        for (const [name, specifier] of declared) known.set(name, `import { ${specifier} } from "./${file.replace(/ts$/, "js")}";`);
        return { block, file };
      });
  });
}

/** Compiles all of them in one run, and answers what the compiler says, by file. */
export async function compileBlocks(modules: readonly BlockModule[]): Promise<Map<string, string[]>> {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", FOLDER, "--pretty", "false"], { cwd: FOLDER }).catch(
    (failed: { stdout: string }) => failed,
  );
  const said = new Map<string, string[]>(modules.map(({ file }) => [file, []]));
  for (const text of stdout.split("\n")) {
    const [, file, line, message] = /^([^( ]+)\((\d+),\d+\): error (.*)$/.exec(text) ?? [];
    if (file === undefined) continue;
    const found = modules.find((module) => module.file === file);
    const place = found === undefined ? `${file}:${line}` : `${found.block.page.path}:${found.block.line + Number(line) - 2}`;
    const list = said.get(file) ?? [];
    said.set(file, [...list, `${place} ${message}`]);
  }
  return said;
}
