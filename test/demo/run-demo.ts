import { type Row, sendDeliveries } from "./deliveries.js";
import type { DemoServer } from "./servers.js";
import { formatSummary, formatTable, isAsExpected } from "./table.js";

/** Where the demo writes to, and whether in colour. */
export interface Output {
  write(text: string): void;
  readonly color: boolean;
}

/** Sends all deliveries to each server in turn and writes the table. Answers the exit status: 0 only if each came out as it should. */
export async function runDemo(servers: readonly DemoServer[], { write, color }: Output): Promise<0 | 1> {
  for (const { framework, port } of servers) write(`${framework} listens on http://127.0.0.1:${port}`);
  write("Deliveries are signed by the providers' own SDKs, and come through a proxy that tells address and protocol.\n");
  const begun = performance.now();
  const rows: Row[] = [];
  for (const server of servers) for await (const row of sendDeliveries(server)) rows.push(row);
  write(formatTable(rows, { color }));
  write(`\n${formatSummary(rows, (performance.now() - begun) / 1000)}`);
  return rows.length > 0 && rows.every(isAsExpected) ? 0 : 1;
}
