/** One measured ratio (or, where `unit` says so, a figure) and what it is held to. */
export interface Row {
  /** The table it stands in. */
  readonly table: string;
  readonly subject: string;
  /** The column, such as a body's size. */
  readonly column: string;
  readonly value: number;
  /** What stands after the figure; nothing after a ratio. */
  readonly unit?: string | undefined;
  /** `most`: the value may not be above it; `least`: not below it. */
  readonly bound?: { readonly kind: "most" | "least"; readonly limit: number } | undefined;
}

/** Tells whether a row's budget is missed. */
export function isMissed({ value, bound }: Row): boolean {
  if (bound === undefined) return false;
  return bound.kind === "most" ? value > bound.limit : value < bound.limit;
}

/** Writes rows as tables: subjects down, columns across, each cell with its budget and a mark where that is missed. */
export function toTables(rows: readonly Row[]): string {
  const names = [...new Set(rows.map(({ table }) => table))];
  return names
    .map((name) =>
      toTable(
        name,
        rows.filter(({ table }) => table === name),
      ),
    )
    .join("\n\n");
}

function toTable(name: string, rows: readonly Row[]): string {
  const columns = [...new Set(rows.map(({ column }) => column))];
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  const cells = [["", ...columns], ...subjects.map((subject) => [subject, ...columns.map((column) => cellOf(rows, subject, column))])];
  const widths = ["", ...columns].map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  return [name, ...lines].join("\n");
}

function cellOf(rows: readonly Row[], subject: string, column: string): string {
  const row = rows.find((candidate) => candidate.subject === subject && candidate.column === column);
  if (row === undefined) return "-";
  const { value, unit = "", bound } = row;
  const budget = bound === undefined ? "" : ` (${bound.kind === "most" ? "<=" : ">="} ${bound.limit.toFixed(2)})`;
  return `${toFigure(value)}${unit}${budget}${isMissed(row) ? " MISSED" : ""}`;
}

const toFigure = (value: number): string => value.toFixed(Math.abs(value) < 100 ? 2 : 0);
