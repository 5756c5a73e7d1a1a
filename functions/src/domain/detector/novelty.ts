const NEIGHBOURS = 3;
const SHAPE_LENGTH = 4;

/** How far a new value, and the shape of the last values with it, lie from all that is remembered. */
export interface Novelty {
  /** Mean distance of the value to its three nearest in memory. */
  value: number;
  /** Mean distance of the last four values to the three nearest runs of four in memory. */
  shape: number;
  low: number;
  high: number;
}

/**
 * Distance to the nearest neighbours in memory: 0 for what was there before, large for what lies apart, be it beyond the
 * extremes or in a gap between them.
 */
export function novelty(memory: readonly number[], value: number): Novelty {
  const n = memory.length;
  const shape = [memory[n - 3] ?? value, memory[n - 2] ?? value, memory[n - 1] ?? value] as const;
  const nearest = new Array<number>(NEIGHBOURS).fill(Number.POSITIVE_INFINITY);
  const nearestShapes = [...nearest];
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const other = memory[i] ?? 0;
    if (other < low) low = other;
    if (other > high) high = other;
    let distance = gap(other, value);
    insert(nearest, distance);
    // A run that overlaps the newest one would be near it by construction.
    if (i < SHAPE_LENGTH - 1 || i > n - SHAPE_LENGTH) continue;
    for (let back = 1; back < SHAPE_LENGTH && distance < (nearestShapes[NEIGHBOURS - 1] ?? 0); back++) {
      distance += gap(memory[i - back] ?? 0, shape[SHAPE_LENGTH - 1 - back] ?? 0);
    }
    insert(nearestShapes, distance);
  }
  return { value: meanOf(nearest), shape: meanOf(nearestShapes), low, high };
}

// Math.abs is looked up anew for each of thousands of calls per point where a module runs in a context of its own, as in jest.
const gap = (a: number, b: number) => (a > b ? a - b : b - a);

/** Puts a distance in its place among the smallest, kept in ascending order. */
function insert(smallest: number[], distance: number): void {
  let i = smallest.length - 1;
  if (distance >= (smallest[i] ?? 0)) return;
  while (i > 0 && (smallest[i - 1] ?? 0) > distance) {
    smallest[i] = smallest[i - 1] ?? 0;
    i--;
  }
  smallest[i] = distance;
}

function meanOf(distances: readonly number[]): number {
  const sum = distances.reduce((total, distance) => total + distance, 0);
  return Number.isFinite(sum) ? sum / distances.length : 0;
}
