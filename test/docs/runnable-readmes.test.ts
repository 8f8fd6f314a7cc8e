import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findPort } from "../servers/start-server.js";
import { codeBlocksOf, ROOT, readPage } from "./markdown.js";
import { ON_SOURCES, start } from "./run-node.js";

const FOLDER = join(ROOT, "test/docs/.examples/readmes");
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Writes the first TypeScript block of a package's README to a file. */
function writeFirstBlock(name: string, change: (text: string) => string = (text) => text): string {
  const block = codeBlocksOf(readPage(`packages/${name}/README.md`)).find(({ info }) => info === "ts");
  if (block === undefined) throw new Error(`packages/${name}/README.md has no block of TypeScript`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.ts`), change(block.text));
  return `${name}.ts`;
}

describe("the first example of a README", () => {
  it("of core verifies, refuses a changed body, and handles an event once", async () => {
    const running = start([process.execPath, ...ON_SOURCES, writeFirstBlock("core")], FOLDER);
    expect(await running.ended, running.output()).toBe(0);
    const output = running.output();
    for (const printed of ["order.paid evt_1", "SIGNATURE_MISMATCH", "handled", "200 200"]) expect(output).toContain(printed);
    expect(output).not.toContain("never printed");
  });

  it("of raw-body counts bytes, and refuses a body over its limit", async () => {
    const port = await findPort();
    const file = writeFirstBlock("raw-body", (text) => text.replace("listen(3000", `listen(${port}`));
    const running = start([process.execPath, ...ON_SOURCES, file], FOLDER);
    try {
      while (!running.output().includes("curl")) {
        if (running.child.exitCode !== null) throw new Error(running.output());
        await Promise.race([running.ended, new Promise((resolve) => running.child.stdout?.once("data", resolve))]);
      }
      expect(await post(port, "twelve bytes")).toEqual({ status: 200, text: "12 bytes\n" });
      expect(await post(port, "x".repeat(1_048_577))).toEqual({ status: 413, text: "BODY_TOO_LARGE\n" });
    } finally {
      await running.stop();
    }
  });
});

function post(port: number, body: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, host: "127.0.0.1", method: "POST", headers: { "content-length": Buffer.byteLength(body) } },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
