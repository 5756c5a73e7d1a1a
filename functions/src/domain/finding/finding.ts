import { z } from "zod";
import type { Severity } from "../message/message.ts";
import { AGGREGATION_NAMES } from "../rule/aggregations.ts";

const common = {
  /** The element of a nested list that it is about, by its name. */
  item: z.string().optional(),
  /** Why there is a finding, in one sentence: messages show it. */
  why: z.string(),
  /** Which way it went: `up`, `down`, or for texts what it became. Findings of the same way are spaced. */
  direction: z.string().optional(),
  /** What goes along with it, in a few words each. */
  parts: z.array(z.string()).optional(),
  /** How many there are: the first of them are listed. */
  partCount: z.int().optional(),
};

const numbers = {
  value: z.number(),
  /** The value before; null where there is none. */
  previous: z.number().nullable(),
  unit: z.string().optional(),
  /** When that one was observed, where it is long ago: its source was silent since. */
  previousAt: z.iso.datetime().optional(),
};

/** A range that 98 of 100 ordinary points lie in. */
const expectedRange = z.object({ low: z.number(), high: z.number() });

/** The numbers and names that a news item may state, and that its message shows as its reason. */
export const findingFacts = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("rule"),
    ...common,
    ...numbers,
    ruleName: z.string(),
    thresholdPercent: z.number(),
    aggregation: z.enum(AGGREGATION_NAMES),
    /** What the value was compared with, and how many values that was made of. */
    reference: z.number(),
    referenceCount: z.int(),
    /** Null where the reference is 0. */
    changePercent: z.number().nullable(),
    /** Where the detector was surprised as well. */
    expected: expectedRange.optional(),
  }),
  z.object({
    kind: z.literal("anomaly"),
    ...common,
    ...numbers,
    score: z.number(),
    event: z.string(),
    expected: expectedRange.optional(),
    changePercent: z.number().nullable(),
  }),
  z.object({ kind: z.literal("change"), ...common, previous: z.string(), value: z.string() }),
  z.object({
    kind: z.literal("items"),
    ...common,
    changed: z.array(z.string()),
    changedCount: z.int(),
    added: z.array(z.string()),
    addedCount: z.int(),
    removed: z.array(z.string()),
    removedCount: z.int(),
  }),
]);
export type FindingFacts = z.output<typeof findingFacts>;

/** What a rule or a detector found at one point of one series. */
export interface Finding {
  /** `rule:<id>`, `change` or `anomaly`. */
  readonly detector: string;
  readonly measurementId: number;
  readonly companyMeasurementId: number;
  /** Empty where it is about no item, or about several. */
  readonly itemKey: string;
  readonly observedAt: Date;
  readonly severity: Severity;
  readonly facts: FindingFacts;
}
