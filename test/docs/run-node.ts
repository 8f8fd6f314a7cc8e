/** Node processes on the sources of the packages, as a user would start them on what is published. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";

/** What development adds to `node` and `tsx`. */
export const ON_SOURCES = ["--conditions=@countersign/source", "--import", "tsx"];

export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Fulfils with its exit code. */
  readonly ended: Promise<number | null>;
  /** Ends it and whatever it has started. */
  stop(): Promise<void>;
}

/** Starts a process in a group of its own, with these variables besides those of this process. */
export function start(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Running {
  const [program = "", ...args] = command;
  const { NODE_ENV: _, VITEST: __, ...inherited } = process.env;
  const child = spawn(program, args, { cwd, env: { ...inherited, ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve(null);
    });
    child.once("close", resolve);
  });
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // it ended before
    }
  };
  // a test that is interrupted leaves nothing behind
  process.once("exit", kill);
  return {
    child,
    output: () => output,
    ended,
    async stop() {
      kill();
      await ended;
      process.off("exit", kill);
    },
  };
}

/** Fulfils when somebody takes connections on the port. @throws Error with what was printed */
export async function listening(running: Running, port: number, patience: number): Promise<void> {
  let hasEnded = false;
  void running.ended.then(() => {
    hasEnded = true;
  });
  for (const end = Date.now() + patience; ; ) {
    if (await canConnect(port)) return;
    if (hasEnded || Date.now() > end) throw new Error(`nobody listens on ${port}:\n${running.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
}
