import { z } from "zod";

/**
 * The distribution of a quantity of at least 0 as counts in logarithmic bins (a DDSketch: relative error 7 %, bounded
 * size), kept to say how rare a new value is among those before it.
 */
export const tailSchema = z.object({
  /** Index of the first bin: bin i holds values from e^(i·WIDTH) to e^((i+1)·WIDTH). */
  first: z.int(),
  counts: z.array(z.number().nonnegative()).max(160),
  zeros: z.number().nonnegative(),
  total: z.number().nonnegative(),
});
export type Tail = z.infer<typeof tailSchema>;

const WIDTH = Math.log(1.15);
const MAX_BINS = 160;
/** Beyond this total every count is halved: what is older than some thousands of points fades. */
const FADE_AT = 10_000;
/** The share of largest values that the tail is extrapolated from, and how many of them at least. */
const TAIL_SHARE = 0.02;
const TAIL_COUNT = 20;
/** Fewer values than this say nothing about a tail: ranks only. */
const RANKS_ONLY_BELOW = 40;

export const emptyTail = (): Tail => ({ first: 0, counts: [], zeros: 0, total: 0 });

const binOf = (value: number) => Math.floor(Math.log(value) / WIDTH + 1e-7);
const lowerEdge = (bin: number) => Math.exp(bin * WIDTH);

/**
 * The surprise of a value, -ln of the probability that a value as large comes by chance, from the values remembered:
 * by rank where enough are as large, beyond that by a Pareto tail fitted to the largest 2 %.
 */
function tailSurprise(tail: Tail, value: number): number {
  if (!(value > 0)) return 0;
  const byRank = (countAtLeast(tail, value) + 1) / (tail.total + 1);
  if (tail.total < RANKS_ONLY_BELOW) return -Math.log(byRank);
  const wanted = Math.max(TAIL_COUNT, Math.ceil(TAIL_SHARE * tail.total));
  let position = tail.counts.length;
  let largest = 0;
  while (position > 0 && largest < wanted) {
    position--;
    largest += tail.counts[position] ?? 0;
  }
  const start = lowerEdge(tail.first + position);
  if (largest < wanted || value <= start) return -Math.log(byRank);
  let excess = 0;
  for (let i = position; i < tail.counts.length; i++) {
    excess += (tail.counts[i] ?? 0) * (lowerEdge(tail.first + i + 0.5) - start);
  }
  // The predictive distribution of exponential excesses whose mean is known from `largest` of them only.
  const spread = (excess / largest) * (largest - 1);
  const byTail = ((largest + 1) / (tail.total + 1)) * (1 + (value - start) / spread) ** -largest;
  // So far out that the probability is 0 in floating point, a value would be endlessly surprising ever after.
  return -Math.log(Math.max(Math.min(byRank, byTail), Number.MIN_VALUE));
}

/** How many of the values remembered are at least as large; part of a bin counts in part. */
export function countAtLeast(tail: Tail, value: number): number {
  const place = Math.log(value) / WIDTH + 1e-7 - tail.first;
  const bin = Math.floor(place);
  let count = 0;
  for (let i = Math.max(bin, 0); i < tail.counts.length; i++) {
    count += (tail.counts[i] ?? 0) * (i === bin ? bin + 1 - place : 1);
  }
  return count;
}

/** Adds a value to the distribution, in place. */
export function remember(tail: Tail, value: number): void {
  tail.total++;
  if (value > 0) count(tail, binOf(value));
  else tail.zeros++;
  if (tail.total > FADE_AT) {
    // To hundredths, for fractions that are halved again and again would fill the state with digits.
    const half = (n: number) => Math.round(n * 50) / 100;
    tail.total = half(tail.total);
    tail.zeros = half(tail.zeros);
    tail.counts = tail.counts.map(half);
  }
}

function count(tail: Tail, bin: number): void {
  const { counts } = tail;
  if (counts.length === 0) tail.first = bin;
  while (bin < tail.first && counts.length < MAX_BINS) {
    counts.unshift(0);
    tail.first--;
  }
  // Out of room: the smallest values share a bin, for only large ones are surprising.
  while (bin - tail.first >= MAX_BINS) {
    const lowest = counts.shift() ?? 0;
    tail.first++;
    counts[0] = (counts[0] ?? 0) + lowest;
  }
  const i = Math.max(bin - tail.first, 0);
  while (counts.length <= i) counts.push(0);
  counts[i] = (counts[i] ?? 0) + 1;
}

/** The surprise of a value among those before it; adds it to them, in place. */
export function rememberAndCompare(tail: Tail, value: number): number {
  const surprise = tailSurprise(tail, value);
  remember(tail, value);
  return surprise;
}
