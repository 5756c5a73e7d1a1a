import type { Mapping } from "../../../functions/src/domain/normalizationMap/normalizationMap.ts";

/** One raw answer about a company. */
export interface SoakDocument {
  /** The answer as JSON; of a history its line in the file; of GitHub nothing, as that is recorded. */
  readonly text: string;
  /** When it was observed, where its source says so. */
  readonly observedAt?: string;
  /** Whether its module feeds it twice at once. */
  readonly twice?: boolean;
}

/** A company of a source, with what there is to know of it, the oldest first. */
export interface SoakCompany {
  readonly name: string;
  readonly property: string;
  readonly value: string;
  readonly documents: readonly SoakDocument[];
}

/** Where a source's documents come from. */
type Origin =
  /** An external module that runs beside the stack. */
  | { readonly kind: "module"; readonly mappings: readonly Mapping[] }
  /** The built-in history module, on a file that grows. */
  | { readonly kind: "history"; readonly file: string; readonly header: string; readonly params: object }
  /** The built-in github module, on recorded answers. */
  | { readonly kind: "github" };

/** A data source of the soak. */
export interface SoakSource {
  readonly name: string;
  readonly origin: Origin;
  readonly companies: readonly SoakCompany[];
  /** Whether its module introduces itself: without, none of its documents can be normalized. */
  readonly isMapped: boolean;
  readonly rule?: { readonly measurement: string; readonly name: string; readonly thresholdPercent: number };
}

/** How many documents there are. */
export function countDocuments(sources: readonly SoakSource[]): number {
  return sources
    .flatMap(({ companies }) => companies)
    .reduce((sum, { documents }) => sum + documents.length, 0);
}
