import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { parseTimestamp } from "../../platform/timestamp.ts";
import type { Point } from "./detector.ts";

/** A row of a series file: the point, and both columns as they were written. */
export interface SeriesRow extends Point {
  readonly timestampText: string;
  readonly valueText: string;
}

const rowSchema = z.object({ timestamp: z.string(), value: z.string() });

/**
 * Reads a series from CSV with a header that has the columns `timestamp` (ISO 8601, UTC where it names no zone) and
 * `value`, in the order of the file. Other columns are ignored.
 *
 * @throws Error that names the line and what is wrong with it
 */
export function parseSeriesCsv(text: string): SeriesRow[] {
  return readRecords(text).map(({ record, info }) => {
    const row = rowSchema.safeParse(record);
    if (!row.success) throw new Error("expected a header with the columns timestamp and value");
    const { timestamp, value } = row.data;
    const at = parseTimestamp(timestamp)?.getTime();
    if (at === undefined) throw new Error(`line ${info.lines}: "${timestamp}" is no ISO 8601 date and time`);
    const number = value.trim() === "" ? Number.NaN : Number(value);
    if (!Number.isFinite(number)) throw new Error(`line ${info.lines}: "${value}" is no number`);
    return { at, value: number, timestampText: timestamp, valueText: value };
  });
}

const recordsSchema = z.array(z.object({ record: z.unknown(), info: z.object({ lines: z.number() }) }));

function readRecords(text: string): z.infer<typeof recordsSchema> {
  try {
    const options = { bom: true, columns: true, info: true, skip_empty_lines: true, trim: true } as const;
    return recordsSchema.parse(parse(text, options));
  } catch (error) {
    if (error instanceof CsvError) throw new Error(error.message, { cause: error });
    throw error;
  }
}
