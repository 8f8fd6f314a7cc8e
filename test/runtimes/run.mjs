// Runs the suites on every runtime: installs them here if need be, builds the packages, and tests what users would get.
// `--write` writes the tables of docs/runtimes.md; `--only=TEXT` runs what has that in its name.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createResults } from "./results.mjs";
import { HERE, harnesses, storeRuntimes } from "./runtimes.mjs";

const ROOT = join(HERE, "../..");
const only = process.argv.find((word) => word.startsWith("--only="))?.slice(7) ?? "";
const npm = (args, cwd) => execFileSync("npm", args, { cwd, stdio: ["ignore", "inherit", "inherit"] });

/** The lock that was installed last, beside what it installed. */
const installed = join(HERE, "node_modules/.installed-lock.json");
const lock = join(HERE, "package-lock.json");
if (!existsSync(installed) || readFileSync(installed, "utf8") !== readFileSync(lock, "utf8")) {
  npm(["ci", "--no-audit", "--no-fund"], HERE);
  copyFileSync(lock, installed);
}
if (!process.argv.includes("--no-build")) npm(["run", "--silent", "build"], ROOT);

// what is imported here is built by now
const { bundle } = await import("./bundle.mjs");
const { runD1, runHarness, runStores } = await import("./suites.mjs");
const { runRecipes } = await import("./recipes.mjs");
const { checkPage } = await import("./page.mjs");

const results = createResults();
await bundle();
for (const harness of harnesses) if (harness.name.includes(only)) await runHarness(harness, results);
for (const runtime of storeRuntimes) if (runtime.name.includes(only)) await runStores(runtime, results);
if ("workerd, D1".includes(only)) await runD1(results);
await runRecipes(only, results);
results.endUnhandled();
if (only === "") checkPage(results, join(ROOT, "docs/runtimes.md"), process.argv.includes("--write"));
process.exitCode = results.end();
