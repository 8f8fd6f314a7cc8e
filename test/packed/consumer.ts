/** A folder in which the packed packages are installed, as a user would have them, with small projects inside. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const run = promisify(execFile);

/** Runs a program to its end. @throws Error with everything that it printed */
export async function runIn(folder: string, program: string, args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  try {
    const { stdout } = await run(program, args, { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

interface PackageJson {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const readJson = (path: string): PackageJson => JSON.parse(readFileSync(path, "utf8")) as PackageJson;

/** Every package that is published. */
export const packages: readonly PackageJson[] = readdirSync(join(ROOT, "packages"))
  .map((folder) => readJson(join(ROOT, "packages", folder, "package.json")))
  .filter((one) => one.private !== true);

/** Every specifier that can be imported: `@countersign/stores/redis`. A pattern stands for each of its files. */
export const specifiers: readonly string[] = packages.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path) => join(name, path)),
);

/** What a user of all adapters has installed, in the versions that this repository tests. */
const PEERS = ["express", "koa", "hono", "fastify", "@nestjs/common", "@nestjs/core", "rxjs", "reflect-metadata"];
const TYPES = ["@types/express", "@types/koa", "@types/aws-lambda"];

/** Installs all packages from their tarballs. */
export async function openConsumer(): Promise<{ readonly folder: string; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-packed-"));
  const packs = join(folder, "packs");
  mkdirSync(packs);
  const workspaces = packages.map(({ name }) => `--workspace=${name}`);
  await runIn(ROOT, "npm", ["pack", "--silent", `--pack-destination=${packs}`, ...workspaces]);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "test/package.json"), "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  const known: Record<string, string> = { ...dependencies, ...devDependencies, "@types/node": "20.19.43" };
  const wanted = [...PEERS, ...TYPES, "@types/node"].map((name) => [name, known[name] ?? "*"]);
  const tarballs = readdirSync(packs).map((file) => {
    const found = packages.find(
      ({ name }) => file.startsWith(`${name.slice(1).replace("/", "-")}-`) && /-\d/.test(file.slice(name.length - 1)),
    );
    return [found?.name, `file:packs/${file}`];
  });
  writeProject(folder, { "package.json": { private: true, dependencies: Object.fromEntries([...wanted, ...tarballs]) } });
  await runIn(folder, "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]);
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes the files of a project; what is no text is written as JSON. */
export function writeProject(folder: string, files: Readonly<Record<string, string | object>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}
