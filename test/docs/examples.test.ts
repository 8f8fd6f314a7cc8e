import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { headingsOf, ROOT, readPage } from "./markdown.js";
import { readStartCommand, runExample } from "./run-example.js";

/** Examples for Node, which run on what is installed here. The others are started in test/runtimes. */
const ON_NODE = ["express", "koa", "hono-node", "fastify", "nest", "lambda"];
const ELSEWHERE = ["hono-workers", "next", "deno", "bun"];

describe("docs/examples", () => {
  it("are started here or in test/runtimes, every one", () => {
    const folders = readdirSync(join(ROOT, "docs/examples"), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
    expect(folders.sort()).toEqual([...ON_NODE, ...ELSEWHERE].sort());
  });

  it.each([...ON_NODE, ...ELSEWHERE])("%s says how it is started", (name) => {
    expect(headingsOf(readPage(`docs/examples/${name}/README.md`), 2)).toContain("Start");
    expect(readStartCommand(name).words.length).toBeGreaterThan(1);
  });
});

describe("runExample", () => {
  it.each(ON_NODE)(
    "starts %s as its README says: a genuine delivery runs once, a forged one never",
    async (name) => {
      const { genuine, duplicate, forged, id, output } = await runExample({ name });
      expect({ genuine: genuine >= 200 && genuine < 300, duplicate, forged }, output).toEqual({
        genuine: true,
        duplicate: 200,
        forged: 401,
      });
      expect(output.split(`accepted ${id} invoice.paid`).length - 1, output).toBe(1);
      expect(output).toContain("SIGNATURE_MISMATCH");
    },
    60_000,
  );
});
