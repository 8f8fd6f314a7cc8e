// Checks what would be published: publint and are-the-types-wrong on every package, then the size budgets.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";

const run = (command, args) =>
  execFileSync("npx", ["--no-install", command, ...args], { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });

let failed = 0;
const check = (title, command, args) => {
  try {
    run(command, args);
    console.log(`ok      ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${title}\n${error.stdout}`);
  }
};

for (const name of readdirSync("packages")) {
  check(`publint ${name}`, "publint", ["--strict", `packages/${name}`]);
  // ESM only: Node 20.19 and later `require` it as it is
  check(`types ${name}`, "attw", ["--pack", `packages/${name}`, "--profile", "esm-only", "--no-emoji"]);
}
execFileSync("node", ["test/packed/bundle.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
check("size budgets", "size-limit", []);
process.exitCode = failed === 0 ? 0 : 1;
