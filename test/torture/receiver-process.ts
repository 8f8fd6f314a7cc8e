/** Receivers as their parent sees them. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Command, ReceiverPlan, Report } from "./receiver-plan.js";

const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** A receiver under way. What its handlers did stays known after its end. */
export class ReceiverProcess {
  readonly started = new Map<string, number>();
  readonly finished = new Map<string, number>();
  /** How often each code was observed, as of the last `sync`. */
  codes: Readonly<Record<string, number>> = {};
  port = 0;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(report: Report) => void>();
  readonly #over: Promise<unknown>;
  #errors = "";
  #syncs = 0;

  constructor(plan: ReceiverPlan) {
    this.#child = fork(new URL("./receiver.ts", import.meta.url), [JSON.stringify(plan)], { stdio: ["ignore", "inherit", "pipe", "ipc"] });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    // What it had sent is read to its end before this.
    this.#over = once(this.#child, "close");
    this.#child.on("message", (report: Report) => this.#take(report));
    // A command to one that has just ended: its exit tells.
    this.#child.on("error", () => undefined);
    children.add(this.#child);
    this.#child.once("exit", () => children.delete(this.#child));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it wrote before it ended by itself. */
  get errors(): string {
    return this.#errors;
  }

  async listening(): Promise<this> {
    if (this.port === 0) await this.#hear(({ say }) => say === "listening", 30_000, "listen");
    return this;
  }

  /** Waits until a handler has begun (or ended) with an event, for at most so many milliseconds. */
  async has(what: "started" | "finished", event: string, within: number): Promise<boolean> {
    if (this[what].has(event)) return true;
    return this.#hear((report) => report.say === what && report.event === event, within, what).then(
      () => true,
      () => false,
    );
  }

  /** Waits until all it did so far is known here; answers how many milliseconds that took. */
  async sync(): Promise<number> {
    const number = ++this.#syncs;
    const asked = performance.now();
    const answered = this.#hear((report) => report.say === "synced" && report.number === number, 30_000, "sync");
    this.#tell({ say: "sync", number });
    await answered;
    return performance.now() - asked;
  }

  endHandler(event: string, how: "success" | "failure"): void {
    this.#tell({ say: "end", event, how });
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#over;
  }

  #tell(command: Command): void {
    if (this.#child.connected) this.#child.send(command);
  }

  #take(report: Report): void {
    if (report.say === "listening") this.port = report.port;
    else if (report.say === "synced") this.codes = report.codes;
    else this[report.say].set(report.event, (this[report.say].get(report.event) ?? 0) + 1);
    for (const listener of this.#listeners) listener(report);
  }

  #hear(isIt: (report: Report) => boolean, within: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        this.#child.off("exit", gone);
        if (error === undefined) resolve();
        else reject(error);
      };
      const listener = (report: Report): void => {
        if (isIt(report)) settle();
      };
      const gone = (): void => settle(new Error(`A receiver ended instead of: ${what}.\n${this.#errors}`));
      const timer = setTimeout(() => settle(new Error(`A receiver did not ${what} within ${within} ms.`)), within);
      this.#listeners.add(listener);
      this.#child.once("exit", gone);
    });
  }
}

/** Starts receivers and waits until all listen. */
export function startReceivers(count: number, plan: ReceiverPlan): Promise<ReceiverProcess[]> {
  return Promise.all(Array.from({ length: count }, () => new ReceiverProcess(plan).listening()));
}

/** Adds up over receivers how often a handler started or finished with an event. */
export function countOf(receivers: readonly ReceiverProcess[], what: "started" | "finished", event: string): number {
  return receivers.reduce((sum, receiver) => sum + (receiver[what].get(event) ?? 0), 0);
}
