import { createHash } from "node:crypto";

/** A source of numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 to 1, without 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<const T>(from: readonly [T, ...T[]]): T;
}

/**
 * Numbers for one purpose. Each purpose has its own, so that drawing more for one does not change another.
 *
 * The generator is mulberry32: 32 bits of state are plenty for a schedule of faults.
 */
export function randomOf(seed: number, purpose: string): Random {
  let state = createHash("sha256").update(`${seed}\n${purpose}`).digest().readUInt32LE();
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)] ?? from[0],
  };
}
