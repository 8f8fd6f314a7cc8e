/** What a timer can wait at most. */
const LONGEST = 2 ** 31 - 1;

/**
 * Keeps Node's event loop alive, for these milliseconds at most. No timer of a verifier does: where all that is left is a promise that
 * never settles, the loop would run dry, and Lambda's runtime then answers `null`, of which HTTP APIs and Function URLs make a 200.
 *
 * @returns what lets go of the loop
 */
export function holdLoop(milliseconds: number = LONGEST): () => void {
  const timer = setTimeout(() => {}, Math.min(milliseconds, LONGEST));
  return () => clearTimeout(timer);
}
