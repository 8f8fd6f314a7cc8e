/** What a case asks for, without a test runner. */

/** @throws Error if it does not hold */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** @throws Error if the two are not equal as JSON */
export function equal(seen: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: expected ${right}, saw ${left}`);
}
