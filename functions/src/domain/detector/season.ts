import { z } from "zod";
import { roundTo } from "./unit.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The usual departure from the level in each part of a day or a week. */
export const seasonSchema = z.object({
  mean: z.array(z.number()),
  seen: z.array(z.int().nonnegative()),
  /** The level that the departures are from. */
  level: z.number(),
});
export type Season = z.infer<typeof seasonSchema>;

export const SEASON_NAMES = ["day", "week"] as const;
export type SeasonName = (typeof SEASON_NAMES)[number];

/** The half hours of a day, for several points a day; the hours of a week, or its days where points come daily. */
const PARTS = { day: 48, week: 168 } as const;

/** A part's mean is that of all its points at first, later of about the last 20; the level's of about the last 10. */
const SLOWEST = 0.05;
const LEVEL_RATE = 0.1;
/** A part has something to say from the third time on. */
const ENOUGH = 2;

export const emptySeason = (name: SeasonName): Season => ({
  mean: new Array<number>(PARTS[name]).fill(0),
  seen: new Array<number>(PARTS[name]).fill(0),
  level: 0,
});

/** The part of the season that a time is in; undefined where points are too sparse to have this season. */
export function partOf(name: SeasonName, at: number, cadence: number): number | undefined {
  const sinceMidnight = ((at % DAY) + DAY) % DAY;
  if (name === "day") return cadence < DAY / 4 ? Math.floor(sinceMidnight / (HOUR / 2)) : undefined;
  if (cadence > 2 * DAY) return undefined;
  // The epoch began on a Thursday.
  const weekday = (((Math.floor(at / DAY) + 4) % 7) + 7) % 7;
  return weekday * 24 + (cadence < DAY / 2 ? Math.floor(sinceMidnight / HOUR) : 0);
}

/** What a part of the season is expected to bring; undefined before it was seen often enough. */
export function seasonalForecast(season: Season, part: number | undefined): number | undefined {
  if (part === undefined || (season.seen[part] ?? 0) < ENOUGH) return undefined;
  return season.level + (season.mean[part] ?? 0);
}

/** Learns a value, in place; `pull` bounds how far it can move what is expected. */
export function learnSeason(season: Season, part: number | undefined, value: number, pull: number): void {
  if (part === undefined) return;
  if (season.seen.every((times) => times === 0)) season.level = value;
  const seen = season.seen[part] ?? 0;
  const mean = season.mean[part] ?? 0;
  const error = within(value - season.level - mean, seen < ENOUGH ? Number.POSITIVE_INFINITY : pull);
  const learned = roundTo(7, mean + Math.max(1 / (seen + 1), SLOWEST) * error);
  season.mean[part] = learned;
  season.seen[part] = Math.min(seen + 1, 99);
  season.level += LEVEL_RATE * within(value - season.level - learned, pull);
}

export const within = (value: number, bound: number): number => Math.max(-bound, Math.min(bound, value));
