import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("idle-process.ts", import.meta.url));
const run = promisify(execFile);

describe("holdLoop", () => {
  it.each([
    ["a handler on Lambda", "answered 500"],
    ["a handler where no time is known", "answered 500"],
    ["a store on Lambda", "answered 503"],
    ["a store under Middy", "answered 503"],
    ["a handler under Middy", "answered 500"],
    // nobody answers then, and Lambda ends the invocation at that time
    ["a handler under Middy that ends nothing early", expect.stringMatching(/^ran dry after ([89]|1\d)00 ms$/)],
    ["a handler under Middy where no time is known", expect.stringMatching(/^ran dry after [2-9]00 ms$/)],
  ])("keeps a process alive that has nothing else to do but to wait for %s", async (title, outcome) => {
    const options = ["--conditions=@countersign/source", "--import", "tsx"];
    const { stdout } = await run(process.execPath, [...options, SCRIPT, title], { env: { ...process.env, NODE_ENV: "test" } });
    expect(stdout.trim()).toEqual(outcome);
  });
});
