/** What a rule makes of the values before the one that it judges. */
interface RuleAggregation {
  /** Other names for it in `notification_rules.aggregation_method`, in upper case. */
  readonly aliases: readonly string[];
  /** An aggregate over `value`, of the values before. */
  readonly sql: string;
  /** Which values: the last one alone, or as many as the rule says (all, where it says none). */
  readonly of: "last" | "entries";
  /** Grows with the number of values, so that a value below it says nothing. */
  readonly isCumulative: boolean;
  /** Whether it has the unit of the values. */
  readonly hasUnit: boolean;
  /** @param values "the 10 values before" */
  readonly words: (values: string) => string;
}

/** The aggregations by name, as findings record them. Adding one takes one entry. */
export const AGGREGATIONS = {
  LAST: {
    aliases: [""],
    sql: `(array_agg(value order by "timestamp" desc))[1]`,
    of: "last",
    isCumulative: false,
    hasUnit: true,
    words: () => "the value before",
  },
  AVG: {
    aliases: ["AVERAGE", "MEAN"],
    sql: "avg(value)",
    of: "entries",
    isCumulative: false,
    hasUnit: true,
    words: (values) => `the average of ${values}`,
  },
  SUM: {
    aliases: [],
    sql: "sum(value)",
    of: "entries",
    isCumulative: true,
    hasUnit: true,
    words: (values) => `the sum of ${values}`,
  },
  MAX: {
    aliases: [],
    sql: "max(value)",
    of: "entries",
    isCumulative: false,
    hasUnit: true,
    words: (values) => `the maximum of ${values}`,
  },
  MIN: {
    aliases: [],
    sql: "min(value)",
    of: "entries",
    isCumulative: false,
    hasUnit: true,
    words: (values) => `the minimum of ${values}`,
  },
  COUNT: {
    aliases: [],
    sql: "count(*)",
    of: "entries",
    isCumulative: true,
    hasUnit: false,
    words: () => "the number of values before",
  },
} as const satisfies Record<string, RuleAggregation>;

export type Aggregation = keyof typeof AGGREGATIONS;

export const AGGREGATION_NAMES = Object.keys(AGGREGATIONS) as [Aggregation, ...Aggregation[]];
