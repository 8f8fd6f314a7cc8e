/** Interleaved rounds: every subject runs in every round, in an order drawn anew, so that drift and neighbours meet all alike. */

/** Prepares one round's work, which is not measured, and answers the work. */
export interface Subject<Item> {
  readonly name: string;
  /** The part of a round's items that is enough for a slow subject. @default 1 */
  readonly share?: number | undefined;
  prepare(items: readonly Item[]): () => void | Promise<void>;
}

/** Microseconds per item, by subject, one for each round. */
export type Timings = ReadonlyMap<string, readonly number[]>;

/**
 * Microseconds of processor time that this process has used, all threads together: on a machine with neighbours, a wall clock would
 * count their time too. Garbage collection and thread pools are part of what a subject costs.
 */
export function cpuClock(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Measures subjects on the same items, fresh in each round. The first rounds warm up. */
export async function measure<Item>(
  subjects: readonly Subject<Item>[],
  itemsOf: (round: number) => readonly Item[],
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
): Promise<Timings> {
  const timings = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds + warmUp; round++) {
    const items = itemsOf(round);
    promote();
    for (const { name, share = 1, prepare } of shuffled(subjects)) {
      const part = share === 1 ? items : items.slice(0, Math.max(1, Math.ceil(items.length * share)));
      const work = prepare(part);
      const begun = cpuClock();
      const working = work();
      if (working !== undefined) await working;
      const spent = cpuClock() - begun;
      if (round >= warmUp) timings.get(name)?.push(spent / part.length);
    }
  }
  return timings;
}

/**
 * Moves what is alive out of the young generation, so that no collection during the measurement has to carry a round's items along: a
 * server holds a few at a time. A full collection would also drop what the engine has learnt of the code.
 */
function promote(): void {
  for (let i = 0; i < 2; i++) gc?.({ type: "minor" });
}

/** The median over rounds of one subject's time over another's in the same round. */
export function ratioOf(timings: Timings, subject: string, base: string): number {
  const bases = timings.get(base) ?? [];
  return median((timings.get(subject) ?? []).map((time, round) => time / bases[round]!));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function shuffled<T>(list: readonly T[]): T[] {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!];
  }
  return mixed;
}
