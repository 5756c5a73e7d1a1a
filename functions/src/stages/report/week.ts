const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** The Monday (UTC) of a time's week, as `2026-11-23`: the name of a weekly report. */
export function weekOf(now: Date): string {
  const daysSinceMonday = (now.getUTCDay() + 6) % 7;
  return new Date(now.getTime() - daysSinceMonday * DAY_MS).toISOString().slice(0, "2026-11-23".length);
}

/** What a report covers: up to `to`, seven days. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** The seven days that end at a time. */
export function weekUntil(to: Date): Period {
  return { from: new Date(to.getTime() - WEEK_MS), to };
}
