/** Writes what came of the deliveries as a table. */
import { isDeepStrictEqual } from "node:util";
import type { Outcome } from "./deliver.js";
import type { Row } from "./deliveries.js";

/** Tells whether a delivery came out as it should. */
export const isAsExpected = ({ expected, seen }: Row): boolean => isDeepStrictEqual(seen, expected);

/** Tells whether a stream takes colours. @see https://no-color.org */
export function wantsColor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? "") === "";
}

/** Parameters of the terminal's own sequence. @see https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof CODES;
const STYLES: Readonly<Record<string, Style>> = { accepted: "green", duplicate: "yellow", handshake: "cyan", rejected: "red" };
const HEADINGS = ["", "delivery", "framework", "verdict", "reason", "status", "handler", "time", "as expected"];

function cellsOf(row: Row): string[] {
  const { seen, expected, milliseconds } = row;
  return [
    isAsExpected(row) ? "✓" : "✗",
    row.delivery,
    row.framework,
    ...outcomeCells(seen),
    `${milliseconds.toFixed(1)} ms`,
    isAsExpected(row) ? "yes" : `no: ${outcomeCells(expected).join(", ")}`,
  ];
}

const outcomeCells = ({ verdict, reason, status, ran }: Outcome): string[] => [verdict, reason || "-", String(status), ran ? "ran" : "-"];

/** Formats all rows under their headings; a blank line parts one framework from the next. */
export function formatTable(rows: readonly Row[], { color }: { readonly color: boolean }): string {
  const lines = rows.map(cellsOf);
  const widths = HEADINGS.map((heading, at) => Math.max(heading.length, ...lines.map((cells) => cells[at]?.length ?? 0)));
  const paint = (style: Style | undefined, text: string): string =>
    color && style !== undefined ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  const write = (cells: readonly string[], styleOf: (at: number) => Style | undefined): string =>
    cells
      .map((cell, at) => paint(styleOf(at), HEADINGS[at] === "time" ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  const text = [write(HEADINGS, () => "bold")];
  for (const [at, row] of rows.entries()) {
    if (row.framework !== rows[at - 1]?.framework) text.push("");
    const mark = isAsExpected(row) ? "green" : "red";
    const styles: readonly (Style | undefined)[] = [mark, undefined, undefined, STYLES[row.seen.verdict]];
    text.push(write(lines[at] ?? [], (column) => (HEADINGS[column] === "as expected" ? (mark === "red" ? "red" : "dim") : styles[column])));
  }
  return text.join("\n");
}

/** The last line: how many came out as they should. */
export function formatSummary(rows: readonly Row[], seconds: number): string {
  const wrong = rows.filter((row) => !isAsExpected(row)).length;
  const count = `${rows.length} deliveries in ${seconds.toFixed(1)} s`;
  return wrong === 0 && rows.length > 0 ? `${count}: each came out as it should.` : `${count}: ${wrong} did not come out as they should.`;
}
