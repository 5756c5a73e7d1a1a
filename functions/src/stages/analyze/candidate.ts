import type { Measurement } from "../../domain/analysis/series.ts";
import type { Finding } from "../../domain/finding/finding.ts";

/** A finding before it is decided whether it is told, with what its words need. */
export interface Candidate extends Finding {
  readonly measurement: Measurement;
  /** The words that the author of the rule wants to read. */
  readonly ruleMessage?: string;
}
