/** What the tests read of a Markdown page: its code blocks, its headings and its links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface Page {
  /** Path from the repository's root. */
  readonly path: string;
  readonly lines: readonly string[];
}

export interface CodeBlock {
  readonly page: Page;
  /** Of the first line of code, counted from 1. */
  readonly line: number;
  /** What stands after the backticks, such as `ts fragment`. */
  readonly info: string;
  readonly text: string;
}

export interface Link {
  readonly line: number;
  readonly target: string;
}

/** Reads one page by its path from the repository's root. */
export function readPage(path: string): Page {
  return { path, lines: readFileSync(join(ROOT, path), "utf8").split("\n") };
}

/** Reads every page of documentation, in the order of their paths. */
export function readPages(): Page[] {
  const under = (folder: string): string[] => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  const readmesUnder = (folder: string): string[] => under(folder).map((path) => `${path}/README.md`);
  return ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/examples/README.md"]
    .concat(under("docs").filter((path) => path.endsWith(".md")))
    .concat([...readmesUnder("docs/examples"), ...readmesUnder("packages")].filter((path) => existsSync(join(ROOT, path))))
    .sort()
    .map(readPage);
}

export function codeBlocksOf(page: Page): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let opened: { readonly line: number; readonly info: string } | undefined;
  for (const [index, text] of page.lines.entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (fence === null) continue;
    if (opened === undefined) opened = { line: index + 2, info: (fence[1] as string).trim() };
    else {
      blocks.push({ page, ...opened, text: page.lines.slice(opened.line - 1, index).join("\n") });
      opened = undefined;
    }
  }
  return blocks;
}

/** The lines outside code blocks, with their numbers. */
function proseOf(page: Page): { readonly line: number; readonly text: string }[] {
  let isCode = false;
  return page.lines.flatMap((text, index) => {
    if (text.startsWith("```")) isCode = !isCode;
    return isCode || text.startsWith("```") ? [] : [{ line: index + 1, text }];
  });
}

/** The texts of the headings of a level. */
export function headingsOf(page: Page, level: number): string[] {
  const mark = `${"#".repeat(level)} `;
  return proseOf(page).flatMap(({ text }) => (text.startsWith(mark) ? [text.slice(mark.length).trim()] : []));
}

/** The anchors that GitHub makes of the headings. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  for (const { text } of proseOf(page)) {
    const heading = /^#{1,6} (.*)$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const plain = heading.replaceAll("`", "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const anchor = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The targets of the links outside code. */
export function linksOf(page: Page): Link[] {
  return proseOf(page).flatMap(({ line, text }) =>
    [...text.replace(/`[^`]*`/g, (code) => "x".repeat(code.length)).matchAll(/\]\(([^)\s]+)\)/g)].map((found) => ({
      line,
      target: found[1] as string,
    })),
  );
}
