import { z } from "zod";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";

/** What we may not or cannot delete, and where it is. */
const leftToOthers = z.object({ where: z.string(), what: z.string() });

export type LeftToOthers = z.output<typeof leftToOthers>;

const receiptRow = z
  .object({
    id: z.coerce.number(),
    kind: z.enum(["COMPANY", "USER"]),
    subject_id: z.int(),
    requested_by: z.string(),
    requested_at: z.date(),
    finished_at: z.date().nullable(),
    counts: z.record(z.string(), z.int()),
    left_to_others: z.array(leftToOthers),
  })
  .transform((row) => ({
    id: row.id,
    kind: row.kind,
    subjectId: row.subject_id,
    by: row.requested_by,
    requestedAt: row.requested_at,
    /** Null while it goes on. */
    finishedAt: row.finished_at,
    /** What was deleted, by table and store. */
    counts: row.counts,
    /** Forgotten after 30 days. */
    leftToOthers: row.left_to_others,
  }));

/** What was erased: ids and numbers, but for what is left to others. */
export type Receipt = z.output<typeof receiptRow>;

/** A company or a user. */
export type Subject = Pick<Receipt, "kind" | "subjectId">;

const COLUMNS = "id, kind::text, subject_id, requested_by, requested_at, finished_at, counts, left_to_others";

/** An erasure's receipt, as far as it has come. */
export function readReceipt(db: Database, { kind, subjectId }: Subject): Promise<Receipt | undefined> {
  return selectRow(
    db,
    receiptRow,
    `select ${COLUMNS} from pipeline.erasure where kind = $1 and subject_id = $2`,
    [kind, subjectId],
  );
}

/** {@link readReceipt}. @throws ApiError 404 where nobody has asked for it to be erased */
export async function receiptOf(db: Database, subject: Subject): Promise<Receipt> {
  const receipt = await readReceipt(db, subject);
  if (receipt !== undefined) return receipt;
  throw new ApiError("not_found", "There is no such erasure");
}

/** The same by the erasure's own id. */
export function readReceiptById(db: Database, id: number): Promise<Receipt | undefined> {
  return selectRow(db, receiptRow, `select ${COLUMNS} from pipeline.erasure where id = $1`, [id]);
}

const ADD_COUNTS = `
  update pipeline.erasure
     set counts = counts || coalesce(
           (select jsonb_object_agg(key, coalesce((counts ->> key)::bigint, 0) + value::bigint)
              from jsonb_each_text($2::jsonb)
             where value <> '0'),
           '{}')
   where id = $1`;

/** Adds to an erasure's counts: in the transaction of what is counted. */
export async function addCounts(
  connection: Database,
  erasureId: number,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  await connection.query(ADD_COUNTS, [erasureId, JSON.stringify(counts)]);
}

const LEAVE = `
  update pipeline.erasure set left_to_others = left_to_others || $2::jsonb
   where id = $1 and not left_to_others @> $2::jsonb`;

/** Notes what is left to others, once. */
export async function leaveToOthers(
  connection: Database,
  erasureId: number,
  left: readonly LeftToOthers[],
): Promise<void> {
  if (left.length > 0) await connection.query(LEAVE, [erasureId, JSON.stringify(left)]);
}
