// Puts each server of the suite into one file. Packages stay outside and resolve as in an application, but for workerd, where a
// bundler must bring them along, as wrangler does.
import { join } from "node:path";
import { build } from "esbuild";
import { DIST, HERE } from "./runtimes.mjs";

const shared = { bundle: true, format: "esm", target: "es2023", logLevel: "error", outExtension: { ".js": ".mjs" } };

/** The sender's side of the suite is Node's, and comes along unused. Nothing else may ask for Node. */
const withoutNode = {
  name: "without-node",
  setup(builder) {
    builder.onResolve({ filter: /^node:/ }, ({ path, importer }) =>
      importer.includes("/packages/testing/")
        ? { path, namespace: "absent" }
        : { errors: [{ text: `${importer} asks for ${path} in a Worker` }] },
    );
    builder.onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** @throws Error if a Worker was given what belongs to Node */
export async function bundle() {
  const entries = ["deno", "bun", "node", "stores"].map((name) => join(HERE, "serve", `${name}.ts`));
  await build({ ...shared, entryPoints: entries, outdir: DIST, platform: "node", packages: "external" });
  for (const [adapter, form] of [
    ["fetch", "handler"],
    ["hono", "handler"],
    ["hono", "middleware"],
  ])
    await bundleWorker("worker", `worker-${adapter}-${form}`, { ADAPTER: JSON.stringify(adapter), FORM: JSON.stringify(form) });
  await bundleWorker("d1", "worker-d1", {});
}

async function bundleWorker(entry, name, define) {
  const { metafile } = await build({
    ...shared,
    entryPoints: [join(HERE, "serve", `${entry}.ts`)],
    outfile: join(DIST, `${name}.mjs`),
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    define,
    plugins: [withoutNode],
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs).map((path) => path.split("/").at(-1));
  if (!inputs.includes("core-web.js") || inputs.includes("core-node.js")) throw new Error("#core is not the web's in a Worker");
}
