import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import { parseTimestamp } from "../../../../platform/timestamp.ts";
import type { History, HistoryRow } from "./historyFile.ts";
import type { ColumnType, HistoryParams } from "./historyParams.ts";

/** A column that is kept: its type, and the name of the measurement that it becomes. */
export interface MeasuredColumn {
  readonly column: string;
  readonly type: ColumnType;
  readonly measurement: string;
}

/** One row as the module files it. */
export interface Observation {
  readonly at: Date;
  readonly rawData: Readonly<Record<string, string | number>>;
}

/** The columns that the params name; without, all but the company's and the date's. */
export function measuredColumns(
  params: HistoryParams,
  header: readonly string[],
  rows: readonly HistoryRow[],
): MeasuredColumn[] {
  if (params.measurements) {
    return Object.entries(params.measurements).map(([column, { name, type }]) => ({
      column,
      type,
      measurement: name ?? column,
    }));
  }
  const isNumeric = (column: string) => rows.every(({ cells }) => NUMBER_OR_NONE.test(cells[column] ?? ""));
  return header
    .filter((column) => column !== "" && column !== params.companyColumn && column !== params.dateColumn)
    .map((column) => ({ column, type: isNumeric(column) ? "float" : "text", measurement: column }));
}

/**
 * Reads every row of the company that `keys` name, oldest first. All are read before the first is filed, so that
 * a row that cannot be read leaves nothing half done; other companies' rows are not looked at.
 *
 * @throws ModuleError that names the file and the line
 */
export function observationsOf(
  history: History,
  params: HistoryParams,
  keys: ReadonlySet<string>,
): Observation[] {
  return [...keys]
    .flatMap((key) => history.rowsOf.get(key) ?? [])
    .map((row) => observation(row, history.columns, params.dateColumn, history.name))
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}

function observation(
  { line, cells, defect }: HistoryRow,
  columns: readonly MeasuredColumn[],
  dateColumn: string,
  file: string,
): Observation {
  if (defect !== undefined) throw unreadableHistory(file, line, defect);
  const date = cells[dateColumn] ?? "";
  const at = parseDate(date);
  if (at === undefined) throw unreadableHistory(file, line, `${dateColumn} "${date}" is not a date`);
  const rawData: Record<string, string | number> = { [dateColumn]: date };
  for (const { column, type } of columns) {
    const cell = cells[column] ?? "";
    if (NO_VALUE.test(cell)) continue;
    const value = type === "text" ? cell : readNumber(cell, type);
    if (value === undefined) throw unreadableHistory(file, line, `${column} "${cell}" is not ${NOUN[type]}`);
    rawData[column] = value;
  }
  return { at, rawData };
}

const NOUN: Readonly<Record<ColumnType, string>> = { int: "an integer", float: "a number", text: "text" };

// Spreadsheets and statistics programs spell "no value" in these ways.
const NO_VALUE = /^(|na|n\/a|nan|null)$/i;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const NUMBER_OR_NONE = new RegExp(`${NO_VALUE.source}|${NUMBER.source}`, "i");
const INTEGER = /^[+-]?\d+$/;

function readNumber(cell: string, type: "int" | "float"): number | string | undefined {
  const value = Number(cell);
  if (!(type === "int" ? INTEGER : NUMBER).test(cell) || !Number.isFinite(value)) return undefined;
  // Digits that a number cannot hold stay as they came: normalization reads integers from strings, too.
  return INTEGER.test(cell) && !Number.isSafeInteger(value) ? cell : value;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

// `Jan 1 2000`, `January 1, 2000`
const ENGLISH = /^([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})$/i;

/**
 * Reads a date as histories spell it: `Jan 1 2000`, or ISO 8601 with or without a time. Without a zone it is UTC.
 *
 * @returns undefined where it is none, or not a date of the calendar
 */
export function parseDate(text: string): Date | undefined {
  const english = ENGLISH.exec(text);
  if (english === null) return parseTimestamp(text);
  const [, name = "", day = "", year] = english;
  const month = MONTHS.indexOf(name.toLowerCase()) + 1;
  return parseTimestamp(`${year}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")}`);
}

/** The error for a file that does not hold what it should, at a line of it. */
export function unreadableHistory(name: string, line: number, reason: string, cause?: unknown): ModuleError {
  return new ModuleError("UnreadableHistory", `${name}, line ${line}: ${reason}`, {
    retryable: false,
    cause,
  });
}
