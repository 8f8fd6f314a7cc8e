import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CODES } from "@countersign/core";
import { describe, expect, it } from "vitest";
import { anchorsOf, headingsOf, ROOT, readPage } from "./markdown.js";

const page = readPage("docs/errors.md");
const headings = headingsOf(page, 2);

/** The members of the union `NoticeCode`, which exists in types alone. */
function noticeCodes(): string[] {
  const source = readFileSync(join(ROOT, "packages/core/src/observe.ts"), "utf8");
  const union = /export type NoticeCode =([^;]*);/.exec(source)?.[1] ?? "";
  return [...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code as string);
}

describe("docs/errors.md", () => {
  it("has one heading for each code, notice and status, and no other", () => {
    const notices = noticeCodes();
    expect(notices).toContain("LOCAL_HTTP");
    const statuses = Object.values(CODES).map(({ status }) => String(status));
    const expected = [...new Set([...Object.keys(CODES), ...notices, ...statuses])];
    expect([...headings].sort()).toEqual(expected.sort());
  });

  it("is where the links of log lines and replies lead", () => {
    const anchors = anchorsOf(page);
    for (const heading of headings) expect(anchors).toContain(heading.toLowerCase());
  });

  it("names under each status the codes that are answered with it", () => {
    const sent = Object.entries(CODES).filter(([code]) => code !== "COMMIT_FAILED" && code !== "LEASE_LOST");
    const text = page.lines.join("\n");
    for (const status of new Set(sent.map(([, facts]) => facts.status))) {
      const section = text.slice(text.indexOf(`\n## ${status}\n`)).split(/\n(?:## |---)/)[1] ?? "";
      const named = [...section.matchAll(/\[`([A-Z_]+)`\]/g)].map(([, code]) => code as string);
      expect(named.sort()).toEqual(sent.flatMap(([code, facts]) => (facts.status === status ? [code] : [])).sort());
    }
  });
});
