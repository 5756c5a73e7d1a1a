/** One of the things that are measured side by side. */
export interface Side {
  /** Says what was reached, in whatever unit all sides share. */
  readonly measure: () => Promise<number>;
  /** What was reached in each round. */
  readonly reached: number[];
}

/** Something to be measured by {@link takeTurns}. */
export function side(measure: () => Promise<number>): Side {
  return { measure, reached: [] };
}

/**
 * Measures several sides in alternating rounds, so that whatever else the machine does slows all of them. Each round
 * begins with another side, because the first one may find the machine in another state than the last. A round before
 * the first is thrown away: it pays for what is compiled and cached once.
 */
export async function takeTurns(sides: readonly Side[], rounds: number): Promise<void> {
  for (const { measure } of sides) await measure();
  for (let round = 0; round < rounds; round += 1) {
    const first = round % sides.length;
    for (const { measure, reached } of [...sides.slice(first), ...sides.slice(0, first)]) {
      reached.push(await measure());
    }
  }
}

/** A ratio of two sides: the median over the rounds, and how far the rounds are apart. */
export interface Ratio {
  readonly median: number;
  /** From the lower to the upper quartile of the rounds. */
  readonly spread: readonly [number, number];
  /** Each round's own. */
  readonly rounds: readonly number[];
}

/** The ratio of two sides, round by round: what slows a whole round is in neither. @throws RangeError */
export function ratioOf(ours: Pick<Side, "reached">, other: Pick<Side, "reached">): Ratio {
  if (ours.reached.length !== other.reached.length || ours.reached.length === 0) {
    throw new RangeError("A ratio is made of two sides with the same rounds, and at least one");
  }
  const rounds = ours.reached.map((reached, i) => reached / (other.reached[i] ?? Number.NaN));
  return { median: median(rounds), spread: [quantile(rounds, 0.25), quantile(rounds, 0.75)], rounds };
}

/** The middle one; between the two in the middle where there are two. NaN where there are none. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** The number below which that share of them lies, between two neighbours in proportion. NaN where there are none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** How many seconds some work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}
