/**
 * Starts an example of docs/examples as its README says, and sends it deliveries that an SDK signed. For every runtime: whoever has
 * Deno, Bun, workerd or Next.js at hand says how the README's command is run there.
 */
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { findPort } from "../servers/start-server.js";
import { codeBlocksOf, ROOT, readPage } from "./markdown.js";
import { listening, ON_SOURCES, start } from "./run-node.js";

export interface ExampleOptions {
  /** A folder of docs/examples. */
  readonly name: string;
  /** Where a copy of the example is put: what it imports must resolve from there. @default test/docs/.examples */
  readonly folder?: string;
  /**
   * Turns the README's command, such as `["npx", "tsx", "server.ts"]`, into what is run here.
   * @default `node` and `npx tsx` on the sources of the packages
   */
  readonly toCommand?: (words: readonly string[], port: number) => readonly string[];
  /** Is run in the copy before the start, such as a build. */
  readonly prepare?: (copy: string) => Promise<void>;
  /** Sent along, as a proxy in front would. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until it must listen. @default 30_000 */
  readonly patience?: number;
}

/** What came back. */
export interface ExampleRun {
  /** The start command, as the README has it. */
  readonly command: string;
  readonly genuine: number;
  /** The same delivery once more. */
  readonly duplicate: number;
  /** The same with one byte changed. */
  readonly forged: number;
  /** The event's id, which the example prints once. */
  readonly id: string;
  readonly output: string;
}

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The last line of the README's first block of shell: its variables, and its words. */
export function readStartCommand(name: string): { readonly variables: readonly string[]; readonly words: readonly string[] } {
  const block = codeBlocksOf(readPage(`docs/examples/${name}/README.md`)).find(({ info }) => info === "sh");
  const line = block?.text.trim().split("\n").at(-1) ?? "";
  const words = line.split(" ");
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  return { variables: words.slice(0, first), words: words.slice(first) };
}

function onSources(words: readonly string[]): readonly string[] {
  const script = words[0] === "node" ? words.slice(1) : words[0] === "npx" && words[1] === "tsx" ? words.slice(2) : undefined;
  if (script === undefined) throw new Error(`nothing here runs \`${words.join(" ")}\`; pass toCommand`);
  return [process.execPath, ...ON_SOURCES, ...script];
}

/** Runs one example from its start to its end. */
export async function runExample(options: ExampleOptions): Promise<ExampleRun> {
  const { name, folder = join(ROOT, "test/docs/.examples"), toCommand = onSources, patience = 30_000 } = options;
  const copy = join(folder, name);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "docs/examples", name), copy, { recursive: true });
  await options.prepare?.(copy);
  const port = await findPort();
  const { words } = readStartCommand(name);
  const running = start(toCommand(words, port), copy, { PORT: String(port), WEBHOOK_SECRET: SECRET });
  try {
    await listening(running, port, patience);
    const { id, body, headers } = signed(name);
    const post = async (text: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/webhooks`, {
        method: "POST",
        headers: { ...headers, ...options.headers, "content-type": "application/json" },
        body: text,
      });
      await response.arrayBuffer();
      return response.status;
    };
    const forged = await post(body.replace("42", "43"));
    const genuine = await post(body);
    const duplicate = await post(body);
    return { command: words.join(" "), genuine, duplicate, forged, id, output: running.output() };
  } finally {
    await running.stop();
    rmSync(copy, { recursive: true, force: true });
  }
}

/** A delivery signed by the provider's own SDK. */
function signed(name: string): { readonly id: string; readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const now = new Date();
  const id = `evt_${crypto.randomUUID()}`;
  const body = JSON.stringify({ id, type: "invoice.paid", total: 42 });
  if (!readFileSync(join(ROOT, "docs/examples/README.md"), "utf8").includes(`(${name}/README.md)`))
    throw new Error(`${name} is not listed`);
  if (name === "express") {
    const header = new Stripe("sk_test_unused").webhooks.generateTestHeaderString({ payload: body, secret: SECRET });
    return { id, body, headers: { "stripe-signature": header } };
  }
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET).sign(id, now, body),
  };
  return { id, body, headers };
}
