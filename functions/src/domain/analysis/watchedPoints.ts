import type { NumericPoint } from "./series.ts";

/** So many items of one nested measurement are watched: those with the largest values. */
const WATCHED_ITEMS = 50;

/**
 * The series that the detector watches: all of the company itself, and of a list those of its largest items. A list
 * of thousands would cost more than the news about its last ones are worth.
 */
export function watchedPoints(numeric: readonly NumericPoint[]): NumericPoint[] {
  const byMeasurement = Map.groupBy(numeric, ({ companyMeasurementId }) => companyMeasurementId);
  return [...byMeasurement.values()].flatMap((points) =>
    points
      .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value) || (a.itemKey < b.itemKey ? -1 : 1))
      .slice(0, WATCHED_ITEMS),
  );
}
