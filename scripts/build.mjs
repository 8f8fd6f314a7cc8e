// Bundles what the package in this folder publishes, with source maps, beside the types that tsc wrote: each entry point into one
// file; or, where package.json names a `#core` per platform, all entry points into one file for each platform, which they re-export:
// every file that Node has to find and load is a good part of what importing costs.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const SOURCE = "@countersign/source";
const { exports: entries, imports = {}, dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync("package.json", "utf8"));

/** `index` -> `./src/index.ts`: what is built, and from what. */
const sources = Object.fromEntries(
  Object.values(entries)
    .filter((entry) => entry[SOURCE])
    .map((entry) => [entry.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ""), entry[SOURCE]]),
);

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
  legalComments: "none",
  external: [...external, "node:*"],
};

/** One file with everything, for each platform of `#core`; and entry points that name their part of it. */
async function buildPlatforms(platforms) {
  const everything = Object.values(sources)
    .map((source) => `export * from "${source}";`)
    .join("\n");
  for (const outfile of new Set(Object.values(platforms))) {
    const [condition] = Object.entries(platforms).find(([, file]) => file === outfile);
    const stdin = { contents: everything, resolveDir: ".", sourcefile: "core.ts" };
    await build({ ...shared, stdin, conditions: [condition, SOURCE], outfile });
  }
  for (const [name, source] of Object.entries(sources)) {
    const { metafile } = await build({
      ...shared,
      entryPoints: [source],
      conditions: [SOURCE],
      outdir: "dist",
      write: false,
      metafile: true,
    });
    const [{ exports: names }] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
    writeFileSync(`dist/${name}.js`, `export { ${names.join(", ")} } from "#core";\n`);
  }
}

if (imports["#core"]) await buildPlatforms(imports["#core"]);
else await build({ ...shared, entryPoints: sources, outdir: "dist" });
