import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const here = new URL(".", import.meta.url);
const packages = new URL("../../packages/", here);

/** Packages that take a framework's requests: they say so by the adapters' side of core. */
const adapters = readdirSync(packages).filter((name) => {
  const source = new URL(`${name}/src/`, packages);
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return name !== "core" && files.some((file) => readFileSync(new URL(file, source), "utf8").includes('from "@countersign/core/adapter"'));
});

describe("every adapter", () => {
  it("is found", () => {
    expect(adapters).toEqual(expect.arrayContaining(["express", "fastify", "hono", "koa", "nest", "serverless"]));
  });

  it.each(adapters)("has a harness, and a test that drives it: %s", (name) => {
    expect(readFileSync(new URL(`harnesses/${name}.ts`, here), "utf8")).toContain(`"@countersign/${name}`);
    expect(readFileSync(new URL(`${name}.test.ts`, here), "utf8")).toContain(`"./harnesses/${name}.js"`);
  });
});
