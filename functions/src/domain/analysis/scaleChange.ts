import { median } from "simple-statistics";

/** What a number is that differs from those before it by a power of ten. */
export type ScaleVerdict =
  | { readonly kind: "held"; readonly factor: number }
  /** It stayed: a new scale, or a real change. */
  | { readonly kind: "accepted"; readonly factor: number };

// So many points after the first one decide.
const FURTHER = 3;
const MIN_HISTORY = 5;
const LEVEL_POINTS = 10;
// In powers of ten: rounding to two digits, and as far as noise may carry a point.
const LEAST_TOLERANCE = 0.025;
const LARGEST_TOLERANCE = 0.15;
// A series that moves by half a power of ten itself may do so again.
const RESTLESS = 0.4;

/** Whether it is worth to look at more than two points. */
export function maybeScaleChange(value: number, previous: number | null): boolean {
  return previous !== null && powerOf(value / previous) !== undefined;
}

function powerOf(ratio: number): number | undefined {
  if (!(ratio > 0) || !Number.isFinite(ratio)) return undefined;
  const log = Math.log10(ratio);
  const power = Math.round(log);
  return power !== 0 && Math.abs(power) <= 9 && Math.abs(log - power) <= 2 * LARGEST_TOLERANCE
    ? power
    : undefined;
}

/**
 * Judges a number by the sound values before it and the held ones since.
 *
 * @param sound the oldest first
 * @param held those that were held since the last sound one, the oldest first
 * @returns undefined where it goes on as before, or changed otherwise
 */
export function scaleChangeOf(
  value: number,
  sound: readonly number[],
  held: readonly number[],
): ScaleVerdict | undefined {
  if (sound.length < MIN_HISTORY) return undefined;
  const logs = sound.map((one) => Math.log10(Math.abs(one)));
  const sign = Math.sign(sound.at(-1) ?? 0);
  if (sign === 0 || logs.some((log) => !Number.isFinite(log)) || Math.sign(value) !== sign) return undefined;
  const steps = logs.slice(1).map((log, index) => Math.abs(log - (logs[index] ?? log)));
  if (Math.max(...steps) > RESTLESS) return undefined;
  const recent = logs.slice(-LEVEL_POINTS);
  // The last point of a series that grows, the middle of one that is noisy.
  const ends = [recent.at(-1) ?? 0, median(recent)];
  const tolerance = Math.min(LARGEST_TOLERANCE, Math.max(LEAST_TOLERANCE, 4 * median(steps)));
  const power = Math.round(Math.log10(Math.abs(value)) - (ends[0] ?? 0));
  const isShifted = (one: number) => {
    const log = Math.log10(Math.abs(one));
    // A whole number has lost its decimals: 10.29 came as 10.
    const rounding = Number.isInteger(one) && Math.abs(one) < 1000 ? Math.log10(1 + 0.5 / Math.abs(one)) : 0;
    return ends.some((end) => Math.abs(log - end - power) <= tolerance + rounding);
  };
  if (power === 0 || Math.abs(power) > 9 || !isShifted(value)) return undefined;
  // As small as that, counts are ten times another by nature.
  if (Math.min(Math.abs(value), 10 ** (ends[0] ?? 0)) < 1 && Number.isInteger(value)) return undefined;
  if (power > 0 && sound.every(Number.isInteger) && 10 ** (ends[1] ?? 0) < 5) return undefined;
  const factor = 10 ** power;
  const same = held.length - (held.findLastIndex((one) => !isShifted(one)) + 1);
  return { kind: same >= FURTHER ? "accepted" : "held", factor };
}
