/** Share of the slowest samples that interrupts make, and that are left out of both classes alike. */
const SLOWEST = 0.1;

/** Welch's t of two classes, both cut at one threshold, so that the noise of the machine does not hide a difference. */
export function welchT(one: readonly number[], other: readonly number[]): number {
  const all = [...one, ...other].sort((a, b) => a - b);
  const threshold = all[Math.floor(all.length * (1 - SLOWEST))]!;
  const [a, b] = [one, other].map((times) => momentsOf(times.filter((time) => time <= threshold))) as [Moments, Moments];
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

function momentsOf(values: readonly number[]): Moments {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}
