import type { PERIODS } from "../normalizationMap/normalizationMap.ts";
import type { Aggregation } from "../rule/aggregations.ts";

/** The words of stage 5: what it knows of the values of one raw document. */

export type Period = (typeof PERIODS)[number];

/** Which point of which series. */
interface SeriesPoint {
  readonly companyMeasurementId: number;
  readonly itemKey: string;
  readonly measurement: Measurement;
  readonly observedAt: Date;
}

/** Which series: of which measurement of a company, and which item of a list. */
export type SeriesId = Pick<SeriesPoint, "companyMeasurementId" | "itemKey">;

export interface Measurement {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  /** The nested measurement that it is in, and whether that one is in no other. */
  readonly parent: { readonly id: number; readonly name: string; readonly isTop: boolean } | null;
}

/** A value of the document, and the last one of its series before it in time. */
export interface NumericPoint extends SeriesPoint {
  readonly value: number;
  readonly previous: number | null;
  readonly previousAt: Date | null;
  /** Which period it is about, where its map says so. */
  readonly period?: Period | null;
  /** The unit or currency in which its source gives it, where it says so. */
  readonly unit?: string | undefined;
}

export interface TextPoint extends SeriesPoint {
  readonly type: "text" | "paragraph" | "link" | "image" | "date" | "bool";
  readonly value: string;
  readonly previous: string | null;
  readonly previousAt: Date | null;
}

/** A comment: it is scored, and tells of its item that it is there. */
interface CommentPoint extends SeriesPoint {
  readonly isKnown: boolean;
}

/** A value of the document that its source sent before. */
export interface EarlierValue extends Omit<SeriesPoint, "observedAt"> {
  readonly type: string;
  /** As text; null for what may be long. */
  readonly value: string | null;
}

/** All that a raw document gave. */
export interface DocumentPoints {
  readonly numeric: readonly NumericPoint[];
  readonly texts: readonly TextPoint[];
  readonly comments: readonly CommentPoint[];
  /** How many numbers it has that are too large to calculate with. */
  readonly outsized: number;
}

/** A rule, and what its aggregation gives at one point. */
export interface Rule {
  readonly id: number;
  readonly name: string;
  /** In percent. */
  readonly threshold: number;
  /** The least change in the measurement's own units; null where nobody set one. */
  readonly minimumChange: number | null;
  /** Whether it tells changes that come every week, too. */
  readonly tellsRhythm: boolean;
  readonly message: string | null;
  readonly aggregation: Aggregation;
  /** Null where there is nothing before the point. */
  readonly reference: number | null;
  readonly referenceCount: number;
}

/** The key of a series in a map. */
export function seriesKey(point: { companyMeasurementId: number; itemKey: string }): string {
  return `${point.companyMeasurementId} ${point.itemKey}`;
}
