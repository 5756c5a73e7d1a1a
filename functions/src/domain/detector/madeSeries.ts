import type { Point } from "./detector.ts";

const HOUR = 3_600_000;
/** Milliseconds of a day. */
export const DAY = 24 * HOUR;
/** A Monday. */
const FIRST = Date.UTC(2024, 0, 1);

/** Random numbers that are the same in every run (mulberry32). */
export function random(seed: number): {
  uniform: () => number;
  normal: () => number;
  count: (mean: number) => number;
} {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const count = (mean: number) => {
    let events = -1;
    for (let left = Math.exp(mean); left > 1; events++) left *= uniform();
    return Math.max(events, 0);
  };
  return { uniform, normal, count };
}

/** A series of so many points, one every `every` milliseconds from a Monday on. */
export function made(length: number, value: (i: number) => number, every = DAY): Point[] {
  return Array.from({ length }, (_, i) => ({ at: FIRST + i * every, value: value(i) }));
}
