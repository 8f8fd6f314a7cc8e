/**
 * The bench: ratios of interleaved rounds, on what is published (`dist`), each part in a process of its own.
 *
 *   npm run bench -- [micro] [http] [lists] [constant-time] [--json] [--strict]
 */
import { execFileSync, fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { isMissed, type Row, toTables } from "./row.js";
import { schemes } from "./scheme.js";

/** Scripts of this folder, with the arguments of each of their processes. */
const PARTS: Readonly<Record<string, { readonly script: string; readonly runs: readonly (readonly string[])[] }>> = {
  micro: { script: "micro", runs: schemes.map(({ name }) => [name]) },
  http: { script: "http", runs: [["express"], ["koa"], ["hono"], ["fastify"]] },
  lists: { script: "lists", runs: [[]] },
  "constant-time": { script: "constant-time", runs: [[]] },
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, strict: { type: "boolean", default: false } },
});
const parts = positionals.length === 0 ? Object.keys(PARTS) : positionals;
const unknown = parts.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0) {
  console.error(`bench: no such part: ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

const root = new URL("../../", import.meta.url);
/** Beside the packages that the bench imports, so that its scripts find them. */
const compiled = new URL("../node_modules/.cache/countersign-bench/", import.meta.url);

/** Builds the packages, and the bench's own scripts without what a loader would add to them. */
function build(): void {
  const run = (...command: string[]) =>
    execFileSync("npx", ["--no-install", ...command], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  run("turbo", "run", "build", "--output-logs=errors-only");
  mkdirSync(compiled, { recursive: true });
  const scripts = [...Object.values(PARTS).map(({ script }) => script), "server"].map((script) => `test/bench/${script}.ts`);
  const outdir = `--outdir=${compiled.pathname}`;
  run(
    "esbuild",
    ...scripts,
    "--bundle",
    "--packages=external",
    "--platform=node",
    "--target=node20",
    "--format=esm",
    outdir,
    "--out-extension:.js=.mjs",
    "--log-level=warning",
  );
}

/** Runs a script to its end; answers the rows that it sent and whether it ended well. */
function runPart(script: string, args: readonly string[]): Promise<{ readonly rows: readonly Row[]; readonly ended: number | null }> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(`${script}.mjs`, compiled), args, {
      execArgv: ["--expose-gc"],
      env: { ...process.env, NODE_ENV: "production" },
    });
    let rows: readonly Row[] = [];
    child.on("message", (message) => {
      rows = message as readonly Row[];
    });
    child.on("error", reject);
    child.on("exit", (ended) => resolve({ rows, ended }));
  });
}

build();
const all: Row[] = [];
let failed = 0;
for (const part of parts) {
  const { script, runs } = PARTS[part]!;
  for (const args of runs) {
    const { rows, ended } = await runPart(script, args);
    all.push(...rows);
    if (!flags.json && rows.length > 0) console.log(`${toTables(rows)}\n`);
    if (ended === 0) continue;
    failed++;
    console.error(`bench: ${[script, ...args].join(" ")} failed`);
  }
}
const missed = all.filter(isMissed);
if (flags.json)
  console.log(
    JSON.stringify(
      all.map((row) => ({ ...row, missed: isMissed(row) })),
      null,
      2,
    ),
  );
else console.log(`missed: ${missed.length} of ${all.filter(({ bound }) => bound).length} budgets`);
process.exitCode = failed > 0 || (flags.strict && missed.length > 0) ? 1 : 0;
