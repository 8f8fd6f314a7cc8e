/** One server process that a test started: where it listens, and what can be done to it. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A server of the test's own, on loopback, in its own folder. */
export interface TestServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Freezes the process: it keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Ends the process at once, as a crash would. The folder stays: `restart` goes on from it. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** What `start*` answer where no binary exists: a test skips with this reason. */
export interface MissingServer {
  readonly missing: string;
}

/** How to start a server, and how to tell that it answers. */
export interface ServerPlan {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly ready: () => Promise<boolean>;
}

/** Finds a binary in the given folders, then on the PATH. */
export function findBinary(name: string, folders: readonly string[] = []): string | undefined {
  for (const folder of [...folders, ...(process.env.PATH ?? "").split(delimiter)]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next folder.
    }
  }
  return undefined;
}

/** Finds a port that nobody listens on. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("A TCP server without a port.");
  return address.port;
}

/** Makes a folder that goes with the server. */
export function makeFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `countersign-${name}-`));
}

/** Starts a server and waits until it answers. */
export async function startServer(plan: ServerPlan): Promise<TestServer> {
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const output: string[] = [];
    const started = spawn(plan.command, [...plan.args], { ...plan.user, cwd: plan.folder, stdio: ["ignore", "pipe", "pipe"] });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on("data", (chunk: Buffer) => output.length < 200 && output.push(chunk.toString()));
    // A test that is interrupted must not leave its servers behind.
    const take = (): boolean => started.kill("SIGKILL");
    process.once("exit", take);
    started.once("exit", () => process.off("exit", take));
    for (const end = Date.now() + 20_000; ; ) {
      if (started.exitCode !== null) throw new Error(`${plan.command} ended at its start:\n${output.join("")}`);
      if (await plan.ready()) return;
      if (Date.now() > end) throw new Error(`${plan.command} does not answer:\n${output.join("")}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of child?.pid === undefined ? [] : familyOf(child.pid)) {
      try {
        process.kill(pid, name);
      } catch {
        // It ended in between.
      }
    }
  };
  const end = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, "exit");
    signal("SIGKILL");
    await over;
  };
  await start();
  return {
    port: plan.port,
    url: plan.url,
    get pid() {
      return child?.pid ?? 0;
    },
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    kill: end,
    restart: start,
    async stop() {
      await end();
      rmSync(plan.folder, { recursive: true, force: true });
    },
  };
}

/** A process and its children: PostgreSQL has one for each connection. Where there is no /proc, the process alone. */
function familyOf(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(list) ? readFileSync(list, "utf8").split(" ").filter(Boolean).map(Number) : [];
  return [pid, ...children];
}
