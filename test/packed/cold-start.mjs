// Measures what importing costs: a Lambda adapter with one preset, as it is published, against the SDKs that would be loaded in its
// place; and the floor, a module with nothing in it. Fresh processes, taken in turns, medians. `node test/packed/cold-start.mjs [--check]`, after a build.
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const ROUNDS = 15;
const HERE = dirname(fileURLToPath(import.meta.url));
const SUBJECTS = {
  countersign: ["@countersign/serverless/lambda", "@countersign/providers/stripe"],
  stripe: ["stripe"],
  twilio: ["twilio"],
  "an empty file": ["./empty.mjs"],
};

function measure(names) {
  const imports = names.map((name) => `await import(${JSON.stringify(name)});`).join("");
  const main = `const begun = performance.now(); ${imports} console.log(performance.now() - begun);`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", main], { cwd: HERE, encoding: "utf8" }));
}

const times = Object.fromEntries(Object.keys(SUBJECTS).map((subject) => [subject, []]));
for (let round = 0; round <= ROUNDS; round++)
  for (const [subject, names] of Object.entries(SUBJECTS)) {
    const time = measure(names);
    // the first round warms the disk's cache
    if (round > 0) times[subject].push(time);
  }

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const own = median(times.countersign);
for (const [subject, values] of Object.entries(times)) {
  const time = median(values);
  const ratio = ["countersign", "an empty file"].includes(subject) ? "" : `   countersign is ${((own / time) * 100).toFixed(1)} % of it`;
  console.log(`${subject.padEnd(12)} ${time.toFixed(1).padStart(7)} ms${ratio}`);
}
if (process.argv.includes("--check") && own >= 15) {
  console.log(`importing takes ${own.toFixed(1)} ms; the goal is under 15 ms`);
  process.exitCode = 1;
}
