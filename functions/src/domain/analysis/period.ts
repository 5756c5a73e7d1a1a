import type { Period } from "./series.ts";

const DAY = 86_400_000;

/** When the period of a time begins and ends, by the calendar in UTC; weeks begin on Monday. */
export function periodOf(at: Date, period: Period): { readonly from: Date; readonly to: Date } {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  const midnight = Date.UTC(year, month, at.getUTCDate());
  const between = (from: number, to: number) => ({ from: new Date(from), to: new Date(to) });
  switch (period) {
    case "day":
      return between(midnight, midnight + DAY);
    case "week": {
      const monday = midnight - ((at.getUTCDay() + 6) % 7) * DAY;
      return between(monday, monday + 7 * DAY);
    }
    case "month":
      return between(Date.UTC(year, month), Date.UTC(year, month + 1));
    case "quarter": {
      const first = month - (month % 3);
      return between(Date.UTC(year, first), Date.UTC(year, first + 3));
    }
    case "year":
      return between(Date.UTC(year, 0), Date.UTC(year + 1, 0));
  }
}

/** Whether a value is of a period that was not over when it came: it may still change. */
export function isProvisional(
  { observedAt, period }: { readonly observedAt: Date; readonly period?: Period | null },
  receivedAt: Date,
): boolean {
  return period != null && receivedAt < periodOf(observedAt, period).to;
}
