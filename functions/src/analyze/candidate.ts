import type { Finding } from "../findings/finding.ts";
import type { Measurement } from "./series.ts";

/** A finding before it is decided whether it is told, with what its words need. */
export interface Candidate extends Finding {
  readonly measurement: Measurement;
  /** The words that the author of the rule wants to read. */
  readonly ruleMessage?: string;
}
