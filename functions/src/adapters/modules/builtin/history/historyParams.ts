import { z } from "zod";
import type { ModuleSource } from "../../../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";

const column = z.string().min(1);

const measurement = z.strictObject({
  /** The measurement's name; the column's own where there is none. */
  name: z.string().min(1).optional(),
  type: z.enum(["int", "float", "text"]),
});

/** Where a source's history is, from its additional_params. */
const historyParams = z.object({
  /** A CSV file with a header line, below `history/` in the blob store. */
  file: z.string().regex(/^[\w-][\w.-]*$/, "expected a file name: letters, digits, dot, dash and underscore"),
  /** Which company a row is about: a company's identifiers hold its value. */
  companyColumn: column,
  /** When the row was observed. */
  dateColumn: column,
  /** The columns to keep. Without: all others, as numbers where they hold nothing else. */
  measurements: z
    .record(column, measurement)
    .refine((columns) => Object.keys(columns).length > 0, "expected at least one column")
    .optional(),
});

export type HistoryParams = z.output<typeof historyParams>;
export type ColumnType = z.output<typeof measurement>["type"];

/** Reads a source's additional_params. @throws ModuleError that says what is wrong with them. */
export function parseHistoryParams(source: ModuleSource): HistoryParams {
  const parsed = historyParams.safeParse(source.additionalParams);
  if (parsed.success) return parsed.data;
  throw new ModuleError(
    "InvalidParams",
    `The additional_params of data source ${source.name} do not describe a history: ${z.prettifyError(parsed.error)}`,
    { retryable: false, cause: parsed.error },
  );
}

/** The name of the history's file in the blob store. */
export function historyFile({ file }: HistoryParams): string {
  return `history/${file}`;
}
