import { z } from "zod";
import { contextsSchema, emptyContexts } from "./contexts.ts";
import { errorsSchema, noErrors } from "./errors.ts";
import { emptySeason, seasonSchema } from "./season.ts";
import { emptyTail, tailSchema } from "./tail.ts";

/** How many values are remembered for what is new, and how many points for trend and cadence. */
export const MEMORY = 2_000;
export const RECENT = 24;

/** Who forecasts the next point, the plainest first. README.md describes each. */
export const EXPERTS = ["middle", "last", "drift", "level", "trend", "day", "week"] as const;
export type Expert = (typeof EXPERTS)[number];

/** A surprise, and the number of the point that it was of. */
const peakSchema = z.object({ count: z.int().nonnegative(), surprise: z.number() });

/**
 * All that is remembered of a series: at most 40 kB as it is kept, however long the series. Values are in units of its
 * first value that is not 0, so that a change of unit changes nothing.
 */
export const stateSchema = z.object({
  version: z.literal(1),
  count: z.int().nonnegative(),
  /** The size of the first value that is not 0; 0 until there is one. */
  unit: z.number().nonnegative(),
  /** What all values are multiples of; 0 where there is nothing such. */
  grain: z.number().nonnegative(),
  largest: z.number().nonnegative(),
  /** How many values were not 0, and their mean size, the recent ones more. */
  sized: z.int().nonnegative(),
  usual: z.number().nonnegative(),
  negative: z.boolean(),
  /** The newest points, newest last. */
  recent: z.array(z.object({ at: z.number(), value: z.number() })).max(RECENT),
  /** The first value, and the last ones as differences from it, which keeps small changes of large values. */
  origin: z.number(),
  memory: z.array(z.number()).max(MEMORY),
  /** How many values in a row were the same, up to now. */
  unchanged: z.int().nonnegative(),
  level: z.number(),
  day: seasonSchema,
  week: seasonSchema,
  errors: z.record(z.enum(EXPERTS), errorsSchema),
  /** How badly each power of the level explains the sizes of errors. */
  fits: z.tuple([z.number(), z.number(), z.number()]),
  /** The last errors of the steady forecast, and the record of their means. */
  run: z.array(z.number()).max(3),
  runs: errorsSchema,
  contexts: z.array(contextsSchema),
  /** How the surprise of each view was distributed. */
  tails: z.object({
    forecast: tailSchema,
    context: tailSchema,
    value: tailSchema,
    shape: tailSchema,
    unrest: tailSchema,
  }),
  unrest: z.number(),
  /** What was left of each point's surprise with the events before it in mind. */
  events: tailSchema,
  /** The greatest surprises lately, falling; and the last one that was told. */
  peaks: z.array(peakSchema),
  told: peakSchema.nullable(),
});
export type State = z.infer<typeof stateSchema>;

/** The state of a series before its first point. */
export const start = (): State => ({
  version: 1,
  count: 0,
  unit: 0,
  grain: 0,
  largest: 0,
  sized: 0,
  usual: 0,
  negative: false,
  recent: [],
  origin: 0,
  memory: [],
  unchanged: 0,
  level: 0,
  day: emptySeason("day"),
  week: emptySeason("week"),
  errors: {
    middle: noErrors(),
    last: noErrors(),
    drift: noErrors(),
    level: noErrors(),
    trend: noErrors(),
    day: noErrors(),
    week: noErrors(),
  },
  fits: [0, 0, 0],
  run: [],
  runs: noErrors(),
  contexts: [emptyContexts(5), emptyContexts(7)],
  tails: {
    forecast: emptyTail(),
    context: emptyTail(),
    value: emptyTail(),
    shape: emptyTail(),
    unrest: emptyTail(),
  },
  unrest: 0,
  events: emptyTail(),
  peaks: [],
  told: null,
});
