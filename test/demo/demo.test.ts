import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import type { DeliveryRecord } from "@countersign/core";
import { describe, expect, it } from "vitest";
import { listening } from "../conformance/listening.js";
import type { Row } from "./deliveries.js";
import { runDemo } from "./run-demo.js";
import { formatTable, isAsExpected, wantsColor } from "./table.js";
import { currentVisit, withVisit } from "./visit.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const ESCAPE = "\u001b[";

/** Each kind of delivery by its name in the table, with what should be seen of it. */
const KINDS: readonly (readonly [delivery: string, seen: RegExp])[] = [
  ["Stripe: genuine", /accepted +- +200 +ran/],
  ["Stripe: the same, replayed", /duplicate +exact +200 +- /],
  ["Stripe: redelivered, signed anew", /duplicate +redelivery +200 +- /],
  ["Stripe: one byte tampered with", /rejected +SIGNATURE_MISMATCH +401 +- /],
  ["Stripe: unsigned", /rejected +HEADER_MISSING +401 +- /],
  ["Stripe: ten minutes old", /rejected +TIMESTAMP_TOO_OLD +401 +- /],
  ["Stripe: dated ten minutes ahead", /rejected +TIMESTAMP_IN_FUTURE +401 +- /],
  ["Stripe: from a wrong address", /rejected +ADDRESS_NOT_ALLOWED +403 +- /],
  ["Stripe: over the limit", /rejected +BODY_TOO_LARGE +413 +- /],
  ["Stripe: parsed before it was verified", /rejected +BODY_ALREADY_PARSED +500 +- /],
  ["Stripe: its handler fails", /accepted +HANDLER_FAILED +500 +ran/],
  ["Stripe: redelivered after the failure", /accepted +- +200 +ran/],
  ["Stripe: concurrent, the first", /accepted +- +200 +ran/],
  ["Stripe: concurrent, the second", /duplicate +CLAIM_BUSY +503 +- /],
  ["Stripe: hung up, its handler goes on", /accepted +- +hung up +ran/],
  ["Meta: handshake", /handshake +- +200 +- /],
];

const row = (over: Partial<Row["seen"]> = {}): Row => {
  const expected = { verdict: "rejected", reason: "HEADER_MISSING", status: 401, ran: false } as const;
  return { delivery: "one", framework: "Koa", expected, seen: { ...expected, ...over }, milliseconds: 1.25 };
};

describe("npm run demo", () => {
  it("ends with 0 after each delivery came out as it should on each framework, in less than ten seconds", () => {
    const args = ["--conditions=@countersign/source", "--import", "tsx", "demo/main.ts"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", timeout: 20_000 });
    expect(stderr).toBe("");
    expect(stdout).not.toContain(ESCAPE);
    const lines = stdout.split("\n");
    for (const framework of ["Express", "Koa", "Hono"])
      for (const [delivery, seen] of KINDS) {
        const found = lines.filter((line) => line.startsWith(`✓  ${delivery}  `) && line.includes(` ${framework} `));
        expect(found, `${delivery} on ${framework}`).toEqual([expect.stringMatching(seen)]);
      }
    expect(lines.filter((line) => line.startsWith("✗"))).toEqual([]);
    expect(stdout).toMatch(/^81 deliveries in [0-9]\.\d s: each came out as it should\.$/m);
    expect(status).toBe(0);
  });
});

describe("runDemo", () => {
  it("answers 1 and marks the rows where a server accepts everything", async () => {
    const careless = createServer((req, res) =>
      withVisit(req, () => {
        void currentVisit().enter(false);
        currentVisit().record({ outcome: "accepted", repeats: false } as DeliveryRecord);
        res.end();
      }),
    );
    const { port = 0, close } = await listening(careless);
    const written: string[] = [];
    const status = await runDemo([{ framework: "Careless", port, close }], { write: (text) => void written.push(text), color: false });
    await close();
    const text = written.join("\n");
    expect(status).toBe(1);
    expect(text).toMatch(/^✓ {2}Stripe: genuine /m);
    expect(text).toMatch(/^✗ {2}Stripe: unsigned .* accepted .* no: rejected, HEADER_MISSING, 401, -$/m);
    expect(text).toMatch(/: \d+ did not come out as they should\.$/);
  });

  it("answers 1 where nothing was sent", async () => {
    expect(await runDemo([], { write: () => {}, color: false })).toBe(1);
  });
});

describe("isAsExpected", () => {
  it.each([{ verdict: "accepted" }, { reason: "SIGNATURE_MISMATCH" }, { status: 403 }, { ran: true }])("sees that %j differs", (over) => {
    expect(isAsExpected(row())).toBe(true);
    expect(isAsExpected(row(over))).toBe(false);
  });
});

describe("formatTable", () => {
  it("aligns its columns", () => {
    const lines = formatTable([row(), row({ status: "hung up" })], { color: false }).split("\n");
    const at = lines.map((line) => line.search(/as expected|yes|no: /)).filter((column) => column >= 0);
    expect(at).toHaveLength(3);
    expect(new Set(at).size).toBe(1);
  });

  it("is the same text with colours and without", () => {
    const colored = formatTable([row(), row({ ran: true })], { color: true });
    expect(colored).toContain(ESCAPE);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const plain = colored.replace(/\u001b\[\d+m/g, "").replace(/ +$/gm, "");
    expect(plain).toBe(formatTable([row(), row({ ran: true })], { color: false }));
  });
});

describe("wantsColor", () => {
  it("is true on a terminal alone, and where NO_COLOR is empty or not set", () => {
    expect(wantsColor({ isTTY: true }, {})).toBe(true);
    expect(wantsColor({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
    expect(wantsColor({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColor({}, {})).toBe(false);
  });
});
