/** What was tried, and how it ended. */

/** One part on one store. */
export interface Tally {
  /** Counts a round; `complaints` are what went wrong in it, with the facts to understand it by. */
  round(...complaints: string[]): void;
  /** A number worth knowing, shown beside the result. */
  note(text: string): void;
}

interface Row {
  readonly part: string;
  readonly store: string;
  rounds: number;
  failed: number;
  skipped: string | undefined;
  notes: string[];
  seconds: number;
}

const SHOWN = 10;
const PROGRESS_EVERY = 10_000;

/** Keeps the results of a run and prints them. */
export class Scoreboard {
  readonly #rows: Row[] = [];

  /** Runs one part on one store. What it throws is a failed round. */
  async play(part: string, store: string, run: (tally: Tally) => Promise<void>): Promise<void> {
    const row: Row = { part, store, rounds: 0, failed: 0, skipped: undefined, notes: [], seconds: 0 };
    this.#rows.push(row);
    const title = `${part} on ${store}`;
    console.log(`${title} ...`);
    const since = performance.now();
    const progress = setInterval(() => console.log(`${title}: ${row.rounds} rounds`), PROGRESS_EVERY);
    const round = (...complaints: string[]): void => {
      row.rounds += 1;
      if (complaints.length === 0) return;
      row.failed += 1;
      if (row.failed <= SHOWN) for (const complaint of complaints) console.log(`FAILED ${title}, round ${row.rounds}: ${complaint}`);
    };
    try {
      await run({ round, note: (text) => row.notes.push(text) });
    } catch (error) {
      round(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    clearInterval(progress);
    row.seconds = (performance.now() - since) / 1000;
    console.log(`${title}: ${row.rounds} rounds, ${row.failed} failed, ${row.seconds.toFixed(1)} s`);
  }

  /** A store that cannot be started here. */
  skip(part: string, store: string, reason: string): void {
    this.#rows.push({ part, store, rounds: 0, failed: 0, skipped: reason, notes: [], seconds: 0 });
    console.log(`SKIPPED ${part} on ${store}: ${reason}`);
  }

  /** Prints the table and the closing line; answers whether all is well. */
  close(): boolean {
    const cells = this.#rows.map(({ part, store, rounds, failed, skipped, notes, seconds }) => [
      part,
      store,
      String(rounds),
      skipped !== undefined ? `skipped: ${skipped}` : failed > 0 ? `${failed} FAILED` : rounds > 0 ? "passed" : "NOTHING RAN",
      `${seconds.toFixed(1)} s`,
      notes.join("; "),
    ]);
    const table = [["part", "store", "rounds", "result", "time", ""], ...cells];
    const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
    console.log("");
    for (const row of table)
      console.log(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      );
    const skipped = this.#rows.filter((row) => row.skipped !== undefined).length;
    const failed = this.#rows.filter((row) => row.skipped === undefined && (row.failed > 0 || row.rounds === 0)).length;
    console.log(`\n${this.#rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
    return failed === 0;
  }
}
