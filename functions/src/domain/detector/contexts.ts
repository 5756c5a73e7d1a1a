import { z } from "zod";

/**
 * What usually follows what: the range of the series cut into levels, and for every run of up to DEPTH levels how
 * often each level came next.
 */
export const contextsSchema = z.object({
  levels: z.int(),
  /** The levels of the last points, one letter each. */
  trail: z.string().max(8),
  /** Counts of the next level, by the run of levels before it. */
  next: z.record(z.string(), z.array(z.number().nonnegative())),
});
export type Contexts = z.infer<typeof contextsSchema>;

const DEPTH = 3;
/** A run's counts are halved at this total, so that habits can change. */
const FADE_AT = 4_000;

export const emptyContexts = (levels: number): Contexts => ({ levels, trail: "", next: {} });

/**
 * The surprise of the level of a value after the levels before it: -ln of its probability, blended from the shortest
 * run to the longest as in PPM (escape by the number of levels seen, Witten and Bell). Learns the value, in place.
 */
export function stepContexts(contexts: Contexts, value: number, low: number, high: number): number {
  const { levels, trail } = contexts;
  const level = levelOf(value, low, high, levels);
  let probability = 1 / (levels + 2);
  for (let length = 0; length <= Math.min(DEPTH, trail.length); length++) {
    const counts = contexts.next[trail.slice(trail.length - length)];
    if (!counts) break;
    let total = 0;
    let distinct = 0;
    for (const n of counts) {
      total += n;
      if (n > 0) distinct++;
    }
    probability = ((counts[level] ?? 0) + distinct * probability) / (total + distinct);
  }
  for (let length = 0; length <= Math.min(DEPTH, trail.length); length++) {
    learn(contexts, trail.slice(trail.length - length), level);
  }
  const inside = level === levels ? 0 : level === levels + 1 ? levels - 1 : level;
  contexts.trail = (trail + String.fromCharCode(65 + inside)).slice(-DEPTH);
  return -Math.log(probability);
}

function learn(contexts: Contexts, run: string, level: number): void {
  const counts = contexts.next[run] ?? new Array<number>(contexts.levels + 2).fill(0);
  counts[level] = (counts[level] ?? 0) + 1;
  if (counts.reduce((sum, n) => sum + n, 0) > FADE_AT) {
    contexts.next[run] = counts.map((n) => Math.floor(n / 2));
  } else {
    contexts.next[run] = counts;
  }
}

/** 0 to levels - 1 within the range; `levels` for well below it and `levels + 1` for well above. */
function levelOf(value: number, low: number, high: number, levels: number): number {
  const range = high - low;
  if (!(range > 0)) return value > high ? levels + 1 : value < low ? levels : 0;
  // A hair more, so that a value on a border is on the same side of it whatever the rounding.
  const place = ((value - low) / range) * levels + 1e-7;
  if (place > levels + 0.5) return levels + 1;
  if (place < -0.5) return levels;
  return Math.min(levels - 1, Math.max(0, Math.floor(place)));
}
