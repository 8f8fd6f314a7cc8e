// Starts each recipe, and each example for another runtime, as its page says, and sends it deliveries that an SDK signed.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { Webhook } from "standardwebhooks";
import { BIN, DIST, HERE, migrate } from "./runtimes.mjs";

const ROOT = join(HERE, "../..");
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const bin = (name) => join(HERE, "node_modules/.bin", name);
const node = process.execPath;

/** `page` is the file that docs/runtimes.md shows; `example` is a folder of docs/examples, started by its README's command. */
export const recipes = [
  {
    name: "Next.js",
    on: "Node",
    example: "next",
    prepare: [bin("next"), "build"],
    headers: { "x-forwarded-proto": "https" },
    env: { NODE_ENV: "production" },
  },
  {
    name: "SvelteKit",
    on: "Node",
    folder: "sveltekit",
    prepare: [bin("vite"), "build"],
    command: [node, "build/index.js"],
    page: "sveltekit/src/routes/webhooks/+server.js",
  },
  { name: "h3", on: "Node", folder: "", command: [node, "h3.mjs"], page: "h3.mjs" },
  { name: "Elysia", on: "Bun", folder: "", command: [BIN.bun, "elysia.mjs"], page: "elysia.mjs" },
  { name: "AdonisJS", on: "Node", folder: "adonis", command: [node, "bin/server.js"], page: "adonis/start/routes.js" },
  // its deno.json names packages of the registry; here they resolve from the workspace
  { name: "Deno", on: "Deno", example: "deno", without: ["deno.json"], flags: ["--node-modules-dir=manual"] },
  { name: "Bun", on: "Bun", example: "bun" },
  // what wrangler does: esbuild and miniflare
  { name: "Hono on Workers", on: "workerd", example: "hono-workers", open: openWorker },
];

const PROGRAMS = { next: bin("next"), deno: BIN.deno, bun: BIN.bun, wrangler: undefined };

/** The last line of the README's first block of shell, without its variables and `npx`. */
function readCommand(example) {
  const [, block] = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/examples", example, "README.md"), "utf8"));
  const words = block.trim().split("\n").at(-1).split(" ");
  const [program, ...args] = words.filter(
    (word, i) => word !== "npx" && !(/^[A-Z_]+=/.test(word) && words.slice(0, i).every((w) => /^[A-Z_]+=/.test(w))),
  );
  if (!(program in PROGRAMS)) throw new Error(`nothing here runs ${program}`);
  return [PROGRAMS[program], ...args];
}

/** Runs those whose name or runtime has the text in it. */
export async function runRecipes(only, results) {
  rmSync(join(DIST, "recipes"), { recursive: true, force: true });
  for (const recipe of recipes) {
    if (!`${recipe.on} ${recipe.name}`.includes(only)) continue;
    const result = { runtime: recipe.on, suite: `recipe ${recipe.name}`, name: "takes a genuine delivery once, and refuses a forged one" };
    try {
      await runRecipe(recipe);
      results.add({ ...result, outcome: "passed" });
    } catch (error) {
      results.add({ ...result, outcome: "failed", reason: error.stack });
    }
    results.line(result.runtime, result.suite);
  }
}

async function runRecipe(recipe) {
  const { example, folder, prepare, without = [], flags = [], headers = {} } = recipe;
  const copy = join(DIST, "recipes", recipe.name);
  mkdirSync(copy, { recursive: true });
  cpSync(example === undefined ? join(HERE, "recipes", folder) : join(ROOT, "docs/examples", example), copy, { recursive: true });
  for (const name of without) rmSync(join(copy, name));
  const port = await findPort();
  const env = {
    ...process.env,
    NODE_ENV: "development",
    NEXT_TELEMETRY_DISABLED: "1",
    HOST: "127.0.0.1",
    PORT: String(port),
    WEBHOOK_SECRET: SECRET,
    ...recipe.env,
  };
  if (prepare !== undefined) {
    const { NODE_ENV: _, WEBHOOK_SECRET: __, ...building } = env;
    execFileSync(prepare[0], prepare.slice(1), { cwd: copy, env: building, stdio: ["ignore", "pipe", "pipe"], timeout: 180_000 });
  }
  const open = recipe.open ?? openProcess;
  const [program, ...args] = recipe.command ?? (recipe.open === undefined ? readCommand(example) : []);
  const running = await open(copy, { port, env, program, args: flags.length > 0 ? [args[0], ...flags, ...args.slice(1)] : args });
  try {
    const { id, statuses } = await deliver(port, headers);
    if (statuses.join() !== "401,200,200")
      throw new Error(`a forged, a genuine and a repeated delivery were answered ${statuses}:\n${running.output()}`);
    for (const end = Date.now() + 5000; !running.output().includes(id) && Date.now() < end; ) await pause(20);
    const runs = running.output().split(`accepted ${id}`).length - 1;
    if (runs !== 1) throw new Error(`the handler ran ${runs} times:\n${running.output()}`);
  } finally {
    await running.close();
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Text that does not survive being parsed and written again. */
async function deliver(port, more) {
  const id = `evt_${crypto.randomUUID()}`;
  const body = `{ "id": "${id}",\n  "type": "invoice.paid", "total": 42.0, "name": "\\u00e9 \u00e9" }`;
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET).sign(id, now, body),
    ...more,
  };
  const statuses = [];
  for (const text of [body.replace("42", "43"), body, body]) {
    const response = await fetch(`http://127.0.0.1:${port}/webhooks`, { method: "POST", headers, body: text });
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return { id, statuses };
}

async function openProcess(cwd, { port, env, program, args }) {
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const kill = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // it ended before
    }
  };
  process.once("exit", kill);
  const close = async () => {
    kill();
    await ended;
    process.off("exit", kill);
  };
  for (const end = Date.now() + 30_000; !(await canConnect(port)); await pause(50))
    if (child.exitCode !== null || Date.now() > end) {
      await close();
      throw new Error(`it does not listen on ${port}:\n${output}`);
    }
  return { output: () => output, close };
}

async function openWorker(cwd, { port }) {
  const { Miniflare } = await import("miniflare");
  const wrangler = JSON.parse(readFileSync(join(cwd, "wrangler.json"), "utf8"));
  const scriptPath = join(cwd, "bundled.mjs");
  await build({
    entryPoints: [join(cwd, wrangler.main)],
    outfile: scriptPath,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    logLevel: "error",
  });
  let output = "";
  const miniflare = new Miniflare({
    modules: true,
    scriptPath,
    compatibilityDate: wrangler.compatibility_date,
    d1Databases: Object.fromEntries(wrangler.d1_databases.map(({ binding, database_id }) => [binding, database_id])),
    host: "127.0.0.1",
    port,
    bindings: { WEBHOOK_SECRET: SECRET, LOCAL: "1" },
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) stream.on("data", (chunk) => (output += chunk));
    },
  });
  await miniflare.ready;
  for (const { binding } of wrangler.d1_databases) await migrate(await miniflare.getD1Database(binding), join(cwd, "migrations"));
  return { output: () => output, close: () => miniflare.dispose() };
}

function canConnect(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function findPort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
