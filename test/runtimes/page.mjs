// The generated part of docs/runtimes.md: what ran, and where. The page must say what has just been seen.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recipes } from "./recipes.mjs";
import { HERE, harnesses, versionOf, WHY } from "./runtimes.mjs";

const BEGIN = "<!-- what ran: written by `npm run test:runtimes -- --write` -->";
const END = "<!-- what ran: end -->";

/** Rows of the table: what a trait means to a user. */
const FEATURES = [
  [undefined, "every check, with the same verdict and code"],
  ["sockets", "odd requests: chunks, repeated headers, lying lengths"],
  ["streams", "the body is read and bounded as it comes"],
  ["any-type", "bodies of every content type"],
  ["addresses", "the peer's address, `allow` and `trustedProxies`"],
  ["methods", "every method, GET handshakes"],
  ["raw-target", "the request target as it was sent"],
  ["background", "a handler outlives its sender's connection"],
  ["closes", "an unread body's connection is closed"],
  ["parsed-first", "a parser in front is recognised"],
  ["parsed-kept", "a parser in front that keeps the bytes"],
  ["error-handler", "an error handler cannot make a success"],
  ["silent", "a middleware's end without a reply is a failure"],
  ["break-off", "a response broken off is a failure"],
];

function cell(results, harness, trait) {
  if (trait !== undefined && !harness.traits.includes(trait)) return "-";
  const own = results.all.filter((one) => one.runtime === harness.runtime && one.suite === harness.adapter);
  const asked = own.filter(
    ({ needs = [], lacks }) => (trait === undefined ? needs.length === 0 : needs.includes(trait)) && !(lacks?.length > 0),
  );
  if (asked.some(({ outcome }) => outcome === "failed")) return "fails";
  if (!asked.some(({ outcome }) => outcome === "passed")) return "-";
  return asked.some(({ outcome }) => outcome === "skipped") ? "yes, but" : "yes";
}

/** Suites of stores that are not SQLite's. */
const STORE_NAMES = { memoryStore: "`memoryStore`", D1: "`d1Store` over D1, by miniflare" };

const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
const cap = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Writes what stands between the marks. */
function render(results) {
  const versions = [
    ["Node 22", "node22"],
    ["Node 24", "node24"],
    ["Deno", "deno"],
    ["Bun", "bun"],
    ["workerd, by miniflare", "miniflare"],
  ].map(([name, from]) => `${name} (${versionOf(from)})`);
  const features = table(
    ["", ...harnesses.map(({ name }) => name.replace(", ", "<br>"))],
    FEATURES.map(([trait, title]) => [title, ...harnesses.map((harness) => cell(results, harness, trait))]),
  );
  // one line a reason, with those whom it concerns
  const reasons = new Map();
  const note = (what, harness) => reasons.set(what, [...(reasons.get(what) ?? []), harness.name]);
  for (const harness of harnesses) {
    for (const [trait, title] of FEATURES)
      if (trait !== undefined && !harness.traits.includes(trait)) note(`${title}: ${WHY[trait]}`, harness);
    for (const [name, why] of Object.entries(harness.settles ?? {})) note(`the case "${name}": ${why}`, harness);
  }
  const missing = [...reasons].map(([what, names]) => `- ${cap(what)}. (${names.join("; ")})`);
  const stores = results.all.filter(({ suite }) => /sqlite|memoryStore|D1/.test(suite));
  const storeRows = [...new Set(stores.map(({ runtime, suite }) => `${runtime}|${suite}`))].map((key) => {
    const [runtime, suite] = key.split("|");
    const failed = stores.some((one) => one.runtime === runtime && one.suite === suite && one.outcome === "failed");
    return [runtime, STORE_NAMES[suite] ?? `\`sqliteStore\` over \`${suite}\``, failed ? "fails" : "yes"];
  });
  const recipeRows = recipes.map(({ name, on }) => {
    const found = results.all.find(({ suite }) => suite === `recipe ${name}`);
    return [name, on, found?.outcome === "passed" ? "yes" : "fails"];
  });
  return [
    `${versions.join(", ")}.`,
    features,
    "`yes`: every case about it passed. `yes, but`: all that reach us passed; the others are listed below. `-`: not there, see below.",
    "### What a runtime lacks",
    missing.join("\n"),
    "### Stores",
    table(["runtime", "store", "every case passed"], storeRows),
    "### Recipes and examples",
    table(["", "run on", "takes a genuine delivery once, refuses a forged one"], recipeRows),
  ]
    .map((part) => cap(part))
    .join("\n\n");
}

/** Adds two results: whether the page's tables and its recipes are what ran. With `write`, writes the tables first. */
export function checkPage(results, path, write) {
  const wanted = render(results);
  let text = readFileSync(path, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  // a page is not to say "fails": what fails is mended, or it is told why
  if (write && !results.all.some(({ outcome }) => outcome === "failed")) {
    text = `${text.slice(0, from)}${BEGIN}\n\n${wanted}\n\n${text.slice(to)}`;
    writeFileSync(path, text);
  }
  const says = text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim();
  const result = { runtime: "docs/runtimes.md", suite: "page" };
  const add = (name, holds, reason) => results.add({ ...result, name, outcome: holds ? "passed" : "failed", reason });
  add("says what ran", says === wanted, "run `npm run test:runtimes -- --write`, and look at what has changed");
  for (const { page } of recipes)
    if (page !== undefined)
      add(`shows ${page}`, text.includes(readFileSync(join(HERE, "recipes", page), "utf8").trim()), "the page shows another text");
}
