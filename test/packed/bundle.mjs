// Bundles what a user would ship of each package, minified, into test/packed/dist, for size-limit to weigh. After a build.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");
const OUT = join(HERE, "dist");

/** One import line each, for the runtime it is meant for. A preset is left out of what does not name one. */
const BUNDLES = {
  "worker-fetch": ["workerd", ["webhook", "createVerifier"], "@countersign/serverless/fetch", "stripe"],
  "worker-hono": ["workerd", ["webhook", "createVerifier"], "@countersign/hono", "stripe"],
  lambda: ["node", ["webhook", "createVerifier"], "@countersign/serverless/lambda", "stripe"],
  express: ["node", ["webhook", "createVerifier"], "@countersign/express", "stripe"],
  koa: ["node", ["webhook", "createVerifier"], "@countersign/koa", "stripe"],
  fastify: ["node", ["webhook", "createVerifier"], "@countersign/fastify", "stripe"],
  nest: ["node", ["Webhook", "createVerifier"], "@countersign/nest", "stripe"],
  core: ["node", ["createVerifier"], "@countersign/core"],
  "raw-body": ["node", ["readRawBody"], "@countersign/raw-body"],
  "preset-stripe": ["node", ["stripe"], "@countersign/providers/stripe"],
  "store-redis": ["node", ["redisStore"], "@countersign/stores/redis"],
  "store-postgres": ["node", ["postgresStore"], "@countersign/stores/postgres"],
  "store-sqlite": ["node", ["sqliteStore"], "@countersign/stores/sqlite"],
  "store-d1": ["workerd", ["d1Store"], "@countersign/stores/d1"],
};
const OURS = readdirSync(join(ROOT, "packages"));
const peers = OURS.flatMap((name) => {
  const { peerDependencies = {} } = JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8"));
  return Object.keys(peerDependencies).flatMap((peer) => [peer, `${peer}/*`]);
});

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const [name, [condition, names, from, preset]] of Object.entries(BUNDLES)) {
  const lines = [`export { ${names.join(", ")} } from "${from}";`];
  if (preset !== undefined) lines.push(`export { ${preset} } from "@countersign/providers/${preset}";`);
  await build({
    stdin: { contents: lines.join("\n"), resolveDir: HERE },
    outfile: join(OUT, `${name}.js`),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    legalComments: "none",
    conditions: [condition],
    external: ["node:*", ...peers],
    logLevel: "error",
  });
}
