import { createHmac } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findPort } from "../servers/start-server.js";
import { codeBlocksOf, ROOT, readPage } from "./markdown.js";
import { listening, ON_SOURCES, start } from "./run-node.js";

const FOLDER = join(ROOT, "test/docs/.examples/readmes");
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Writes the first program of a package's README to a file. */
function writeFirstBlock(name: string, change: (text: string) => string = (text) => text): string {
  const block = codeBlocksOf(readPage(`packages/${name}/README.md`)).find(({ info }) => info === "ts" || info === "js");
  if (block === undefined) throw new Error(`packages/${name}/README.md has no program`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.${block.info}`), change(block.text));
  return `${name}.${block.info}`;
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
      await listening(running, port, 30_000);
      expect(await post(port, "twelve bytes")).toEqual({ status: 200, text: "12 bytes\n" });
      expect(await post(port, "x".repeat(1_048_577))).toEqual({ status: 413, text: "BODY_TOO_LARGE\n" });
    } finally {
      await running.stop();
    }
  });

  it("of providers verifies a delivery and refuses a forged one", async () => {
    const running = start([process.execPath, ...ON_SOURCES, writeFirstBlock("providers")], FOLDER);
    expect(await running.ended, running.output()).toBe(0);
    for (const printed of ["push refs/heads/main", "SIGNATURE_MISMATCH"]) expect(running.output()).toContain(printed);
  });

  it("of serverless handles what is signed as its command signs", async () => {
    const port = await findPort();
    const file = writeFirstBlock("serverless", (text) => text.replace("port: 3000", `port: ${port}`));
    const secret = "a-secret-of-your-own";
    const running = start([process.execPath, ...ON_SOURCES, file], FOLDER, { WEBHOOK_SECRET: secret });
    try {
      await listening(running, port, 30_000);
      const body = '{"order":42}';
      const headers = { "content-type": "application/json", "x-signature": createHmac("sha256", secret).update(body).digest("hex") };
      expect((await post(port, body, headers)).status).toBe(200);
      expect((await post(port, '{"order":43}', headers)).status).toBe(401);
      expect(running.output().split("verified { order: 42 }").length - 1, running.output()).toBe(1);
    } finally {
      await running.stop();
    }
  });
});

function post(
  port: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", method: "POST", headers: { ...headers, "content-length": Buffer.byteLength(body) } };
    const sent = request(options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
