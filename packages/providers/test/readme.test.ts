import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describe("README", () => {
  it("begins with an example that runs, and accepts one delivery and refuses another", () => {
    const example = readFileSync(at("readme-example.ts"), "utf8");
    expect(readFileSync(at("../README.md"), "utf8").match(/```ts\n(.*?)```/s)?.[1]).toBe(example);
    const args = ["--conditions=@countersign/source", "--import", "tsx", at("readme-example.ts")];
    const output = execFileSync(process.execPath, args, { cwd: at(".."), encoding: "utf8" });
    expect(output).toMatch(/^push refs\/heads\/main \{/);
    expect(output).toMatch(/^SIGNATURE_MISMATCH: /m);
  });
});
