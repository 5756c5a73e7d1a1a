import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { type HistoryParams, historyFile } from "./historyParams.ts";
import { type MeasuredColumn, measuredColumns, unreadableHistory } from "./observations.ts";

/** A row of the file, by column. */
export interface HistoryRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
  /** Set where the row has more or fewer cells than the header. */
  readonly defect: string | undefined;
}

/** A history as it stands in its file. */
export interface History {
  /** The file's name, for messages. */
  readonly name: string;
  /** The columns that are kept. */
  readonly columns: readonly MeasuredColumn[];
  /** By the value in the company column. */
  readonly rowsOf: ReadonlyMap<string, readonly HistoryRow[]>;
}

const records = z.array(
  z.object({
    record: z.record(z.string(), z.string()),
    info: z.object({ lines: z.number(), error: z.instanceof(CsvError).optional() }),
  }),
);

/** Reads a history's CSV. @throws ModuleError that names the file and the line. */
export function parseHistory(params: HistoryParams, bytes: Uint8Array): History {
  const name = historyFile(params);
  let header: string[] = [];
  const rows = readRows(name, bytes, (cells) => {
    header = cells;
    return cells;
  });
  const wanted = [params.companyColumn, params.dateColumn, ...Object.keys(params.measurements ?? {})];
  const missing = wanted.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw unreadableHistory(name, 1, `there is no column ${missing.join(", ")}, only ${header.join(", ")}`);
  }
  const twice = header.find((column, position) => header.indexOf(column) !== position);
  if (twice !== undefined) throw unreadableHistory(name, 1, `there are two columns "${twice}"`);
  const rowsOf = Map.groupBy(rows, ({ cells }) => cells[params.companyColumn] ?? "");
  return { name, columns: measuredColumns(params, header, rows), rowsOf };
}

function readRows(name: string, bytes: Uint8Array, columns: (cells: string[]) => string[]): HistoryRow[] {
  try {
    const parsed: unknown = parse(bytes, {
      bom: true,
      columns,
      info: true,
      // A row of the wrong length is a problem of its company, not of all.
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
    return records
      .parse(parsed)
      .map(({ record, info }) => ({ line: info.lines, cells: record, defect: info.error?.message }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw unreadableHistory(name, Number(error.lines), error.message, error);
  }
}
