// Bundles each entry point of the package in this folder into one file with its source map, beside the types that tsc wrote.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const { exports: entries, imports = {}, dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync("package.json", "utf8"));

/** `./src/x.ts` -> `./dist/x.js`, wherever a package.json names a source and what is built from it. */
const built = new Map();
const collect = (node) => {
  if (typeof node !== "object" || node === null) return;
  if (node["@countersign/source"]) built.set(node.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ""), node["@countersign/source"]);
  else for (const value of Object.values(node)) collect(value);
};
collect(entries);
collect(imports);

// what an earlier build left would be published too
for (const file of readdirSync("dist")) if (/\.js(\.map)?$/.test(file)) rmSync(`dist/${file}`);

const external = [...Object.keys(dependencies), ...Object.keys(peerDependencies)].flatMap((name) => [name, `${name}/*`]);
const shared = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2023",
  sourcemap: true,
  sourcesContent: true,
  outdir: "dist",
  legalComments: "none",
};
const entryPoints = (names) => Object.fromEntries(names.map((name) => [name, built.get(name)]));
const names = [...built.keys()];
// several entry points of one package share their modules in one chunk
await build({
  ...shared,
  entryPoints: entryPoints(names),
  splitting: names.length > 1,
  chunkNames: "shared-[hash]",
  external: [...external, ...Object.keys(imports), "node:*"],
});
