/** A value as its table takes it: each of these is a table `measurement_<name>_value`. */
export type StoredValue =
  | { readonly table: "int" | "float"; readonly value: number }
  | { readonly table: "bigint"; readonly value: bigint }
  | { readonly table: "text" | "paragraph" | "comment" | "link" | "image"; readonly value: string }
  | { readonly table: "date"; readonly value: Date }
  | { readonly table: "bool"; readonly value: boolean };

export type ValueTable = StoredValue["table"];

/** One point of a measurement, before it has its company and its time. */
export interface Value {
  readonly measurementId: number;
  /** The element of a nested list that it belongs to; empty outside of lists. */
  readonly itemKey: string;
  /** Where it was in the raw answer. */
  readonly path: string;
  readonly stored: StoredValue;
  /** Of a number: `%`, a currency (`EUR`, or a sign that several share) or what the map says. */
  readonly unit?: string;
}

/** A value that does not fit its type: kept in words, beside the raw document that has it in full. */
export interface Issue {
  /** Where it is in the raw answer: `repos[3].stars`. */
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

/** A field that the map names or that the raw answer has, wherever in its lists. */
export interface Field {
  /** Its place in the map: `repos.stars`. */
  readonly path: string;
  readonly isMapped: boolean;
  readonly isSeen: boolean;
}
