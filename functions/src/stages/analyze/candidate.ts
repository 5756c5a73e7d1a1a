import type { Measurement } from "../../domain/analysis/series.ts";
import type { Finding } from "../../domain/finding/finding.ts";

/** A finding that may become news, with what its words need. */
export interface Candidate extends Finding {
  readonly measurement: Measurement;
  /** The rule author's own words. */
  readonly ruleMessage?: string;
}
