// The runtimes, how each starts a server of the suite, and what it truly lacks.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const DIST = join(HERE, "dist");
export const BIN = {
  node22: join(HERE, "node_modules/node22/bin/node"),
  node24: join(HERE, "node_modules/node24/bin/node"),
  deno: join(HERE, "node_modules/.bin/deno"),
  bun: join(HERE, "node_modules/.bin/bun"),
};

/** The version that is installed of a package here. */
export const versionOf = (name) => JSON.parse(readFileSync(join(HERE, "node_modules", name, "package.json"), "utf8")).version;

/** Starts a process, and reads the line of JSON that it prints when it is ready. */
export async function start(program, args, env = {}) {
  const child = spawn(program, args, { cwd: HERE, env: { ...process.env, NO_COLOR: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const ready = new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const line = output.split("\n").find((one) => one.startsWith("{") && one.endsWith("}"));
      if (line !== undefined) resolve(JSON.parse(line));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it was ready:\n${output}`)));
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  try {
    return { ...(await ready), output: () => output, close: () => stop(child, kill) };
  } catch (error) {
    kill();
    throw error;
  }
}

async function stop(child, kill) {
  process.off("exit", kill);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  kill();
  await ended;
}

/** Asks a stage in another process. */
const controlOver = (origin) => async (path, message) => {
  const response = await fetch(`${origin}/control${path}`, { method: "POST", body: JSON.stringify(message) });
  if (!response.ok) throw new Error(`control: ${response.status} ${await response.text()}`);
  return response.json();
};

const processServer = (program, args) => async (form) => {
  const { port, control = port, close } = await start(program, [...args, form]);
  return { port, close, control: controlOver(`http://127.0.0.1:${control}`) };
};

const workerServer = (adapter) => async (form) => {
  const { Miniflare } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: true,
    scriptPath: join(DIST, `worker-${adapter}-${form}.mjs`),
    compatibilityDate: "2026-04-01",
    host: "127.0.0.1",
    port: 0,
    cf: { colo: "AMS" },
  });
  const { port } = await miniflare.ready;
  return { port: Number(port), control: controlOver(`http://127.0.0.1:${port}`), close: () => miniflare.dispose() };
};

const WIRE = ["sockets", "streams", "any-type", "addresses", "methods"];
const FETCH = [...WIRE, "parsed-first"];
const HONO = [...WIRE, "parsed-first", "parsed-kept", "error-handler", "silent"];
const NODE = [...WIRE, "closes", "raw-target", "background"];

/** Why a trait is not there. */
export const WHY = {
  "raw-target": "the runtime has made a normalised URL of the request target before anybody is asked",
  closes: "a `Response` cannot close its connection",
  addresses: 'nobody tells the peer\'s address; `forwardedHeader: "cf-connecting-ip"` names the header of the platform',
  "break-off": "a `Response` is sent after the handler has ended: the handler has nothing to break off",
  "answers-first": "a handler's answer is what it ends with",
  background: "a request's work ends with its connection, or with its reply, unless `ctx.waitUntil` holds it",
  "parsed-first": "there is no parser in front",
  "parsed-kept": "there is no parser in front that keeps the bytes",
  "error-handler": "there is no error handler behind",
  silent: "a handler cannot end without a reply: nothing is the provider's success reply",
};

const CANCELLED = "workerd ends a request's work with its reply or its connection";
const EDGE = "`CF-Connecting-IP` is always there: no delivery is one of this machine to itself";
/** Cases that workerd, or Cloudflare's edge in front of it, settles by itself. */
const WORKERD = {
  "refuses two lengths": "workerd answers 500 by itself: no Worker is asked",
  "refuses a length beside chunks": "workerd reads the chunks and drops the length, as RFC 9112, section 6.3, allows",
  "reports a body that is broken off, and runs nothing": CANCELLED,
  "a handler that ends after its time has changed nothing that another holds": CANCELLED,
  "a commit that fails after a success leaves the reply as it is, and is tried again": CANCELLED,
  "close() refuses new deliveries, and waits for the handlers under way": "a promise of one request is not told of another's end",
  "accepts plain HTTP from this machine to this machine, for development": EDGE,
};

const denoRun = ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--allow-read", "--allow-sys", "--node-modules-dir=manual"];
const onNode = (runtime, program, args) => [
  {
    runtime,
    adapter: "node:http",
    forms: ["handler", "middleware"],
    traits: [...NODE, "break-off"],
    open: processServer(program, [...args, "node-http"]),
  },
  {
    runtime,
    adapter: "Hono on node:http",
    forms: ["handler", "middleware"],
    traits: [...NODE, "parsed-first", "parsed-kept", "error-handler", "silent", "break-off"],
    open: processServer(program, [...args, "hono"]),
  },
];
/** The fetch adapter and Hono, over the runtime's own server. `without` is what Hono is not told there. */
const onFetch = (runtime, open, { traits = [], without = [], settles = {} }) => [
  { runtime, adapter: "fetch", forms: ["handler"], traits: [...FETCH, ...traits], open: open("fetch"), settles },
  {
    runtime,
    adapter: "Hono",
    forms: ["handler", "middleware"],
    traits: [...HONO, ...traits].filter((trait) => !without.includes(trait)),
    open: open("hono"),
    settles,
  },
];

/** One harness for each runtime and adapter. */
export const harnesses = [
  ...onNode("Node 22", BIN.node22, [join(DIST, "node.mjs")]),
  ...onNode("Node 24", BIN.node24, [join(DIST, "node.mjs")]),
  ...onFetch("Deno", (adapter) => processServer(BIN.deno, [...denoRun, join(DIST, "deno.mjs"), adapter]), { traits: ["background"] }),
  ...onFetch("Bun", (adapter) => processServer(BIN.bun, [join(DIST, "bun.mjs"), adapter]), { traits: ["background"] }),
  ...onFetch("workerd", workerServer, { without: ["addresses"], settles: WORKERD }),
].map((harness) => ({ ...harness, name: `${harness.runtime}, ${harness.adapter}` }));

const STORES = join(DIST, "stores.mjs");
/** Runtimes that bring SQLite along. */
export const storeRuntimes = [
  { name: "Node 22", program: BIN.node22, args: [STORES] },
  { name: "Node 24", program: BIN.node24, args: [STORES] },
  { name: "Deno", program: BIN.deno, args: [...denoRun, "--allow-write", STORES] },
  { name: "Bun", program: BIN.bun, args: [STORES] },
];

/** The Worker that drives the store suite on D1, and two more for it to compete with; all have the one database. */
export async function openD1Worker() {
  const { Miniflare } = await import("miniflare");
  const worker = (name) => ({
    name,
    modules: true,
    scriptPath: join(DIST, "worker-d1.mjs"),
    compatibilityDate: "2026-04-01",
    d1Databases: { DB: "claims" },
  });
  const peer = (name) => ({ name, entrypoint: "Peer" });
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    workers: [{ ...worker("first"), serviceBindings: { SECOND: peer("second"), THIRD: peer("third") } }, worker("second"), worker("third")],
  });
  const { origin } = await miniflare.ready;
  await migrate(await miniflare.getD1Database("DB", "first"), join(HERE, "../../docs/examples/hono-workers/migrations"));
  return { origin, close: () => miniflare.dispose() };
}

/** What `wrangler d1 migrations apply` does with files of one statement each. */
export async function migrate(database, folder) {
  for (const file of readdirSync(folder).sort()) await database.prepare(readFileSync(join(folder, file), "utf8")).run();
}
