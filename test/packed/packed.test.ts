import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openConsumer, packages, ROOT, runIn, specifiers, writeProject } from "./consumer.js";

/** Signs a delivery, and has it taken once and refused once: printed as JSON. */
const BODY = `
async function main({ stripe, signDelivery, createVerifier, webhook }) {
  const provider = stripe({ secret: "whsec_packed" });
  const seen = [];
  const hook = webhook(createVerifier({ provider, https: "off", observe: false }), async (event) => void seen.push(event.id));
  const { url, method, headers, body } = await signDelivery(provider, { payload: { id: "evt_1", type: "ping" }, url: "/hooks" });
  const post = (bytes) => hook(new Request(new URL(url, "http://localhost"), { method, headers, body: bytes }));
  const forged = await post(Uint8Array.from(body, (byte, i) => (i === 8 ? byte ^ 1 : byte)));
  const genuine = await post(body);
  console.log(JSON.stringify([forged.status, genuine.status, seen]));
}
`;

const ESM = `
import { stripe } from "@countersign/providers/stripe";
import { createVerifier, webhook } from "@countersign/serverless/fetch";
import { signDelivery } from "@countersign/testing";
${BODY}
await main({ stripe, signDelivery, createVerifier, webhook });
`;

const CJS = `
const { stripe } = require("@countersign/providers/stripe");
const { createVerifier, webhook } = require("@countersign/serverless/fetch");
const { signDelivery } = require("@countersign/testing");
${BODY}
main({ stripe, signDelivery, createVerifier, webhook });
`;

/** Their types are their platform's: who imports one has that platform's package. */
const ON_PLATFORMS = ["azure", "gcf", "middy"].map((path) => `@countersign/serverless/${path}`);
const typed = specifiers.filter((specifier) => !ON_PLATFORMS.includes(specifier));

const TYPED = `
import { stripe } from "@countersign/providers/stripe";
import { createVerifier, type WebhookEvent, webhook } from "@countersign/serverless/fetch";
import { signDelivery } from "@countersign/testing";
${typed.map((specifier, i) => `import type * as m${i} from "${specifier}";`).join("\n")}
export type All = [${typed.map((_, i) => `typeof m${i}`).join(", ")}];

const provider = stripe({ secret: "whsec_packed" });
export const hook: (request: Request) => Promise<Response> = webhook(createVerifier({ provider }), async (event) => {
  const { id, rawBody }: WebhookEvent = event;
  console.log(id?.length, rawBody.byteLength);
});
export const delivery = signDelivery(provider, { payload: { id: "evt_1" } });
// @ts-expect-error a verifier needs a provider
createVerifier({});
`;

const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, target: "ES2022", types: ["node"] };
const tsc = join(ROOT, "node_modules/typescript/bin/tsc");

/** What tsc says of the project and of our types; what others' types say of each other is not ours. */
async function typeErrors(folder: string): Promise<readonly string[]> {
  const output = await runIn(folder, process.execPath, [tsc, "-p", "."]).catch((error: Error) => error.message);
  return output.split("\n").filter((line) => line.includes("error TS") && !/^(\.\.\/)*node_modules\/(?!@countersign\/)/.test(line));
}

describe("the packed packages", () => {
  let consumer: Awaited<ReturnType<typeof openConsumer>>;
  beforeAll(async () => {
    await runIn(ROOT, "npx", ["--no-install", "turbo", "run", "build", "--output-logs=errors-only"]);
    consumer = await openConsumer();
  }, 180_000);
  afterAll(() => consumer?.close());

  const project = (name: string, files: Record<string, string | object>): string => {
    const folder = join(consumer.folder, name);
    writeProject(folder, files);
    return folder;
  };

  it("are all there, and each can be imported by each of its names", async () => {
    expect(packages.length).toBeGreaterThan(8);
    const main = `for (const name of ${JSON.stringify(specifiers)}) { const module = await import(name); if (Object.keys(module).length === 0) throw new Error(name); console.log(name); }`;
    const folder = project("names", { "package.json": { type: "module" }, "main.js": main });
    expect((await runIn(folder, process.execPath, ["main.js"])).trim().split("\n")).toEqual(specifiers);
  });

  it("verify a delivery in a project of ES modules", async () => {
    const folder = project("esm", { "package.json": { type: "module" }, "main.js": ESM });
    expect(JSON.parse(await runIn(folder, process.execPath, ["main.js"]))).toEqual([401, 200, ["evt_1"]]);
  });

  it("verify a delivery in a project of CommonJS, without a warning", async () => {
    const folder = project("cjs", { "package.json": { type: "commonjs" }, "main.js": CJS });
    const run = await runIn(folder, process.execPath, ["--throw-deprecation", "--disable-warning=ExperimentalWarning", "main.js"]);
    expect(JSON.parse(run)).toEqual([401, 200, ["evt_1"]]);
  });

  it.concurrent.each([
    ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }],
    ["bundler", { module: "preserve", moduleResolution: "bundler" }],
  ])("have types for a strict project with %s resolution, for every name", { timeout: 120_000 }, async (name, compilerOptions) => {
    const folder = project(`types-${name}`, {
      "package.json": { type: "module" },
      "tsconfig.json": { compilerOptions: { ...strict, ...compilerOptions }, files: ["main.ts"] },
      "main.ts": TYPED,
    });
    expect(await typeErrors(folder)).toEqual([]);
  });
});
