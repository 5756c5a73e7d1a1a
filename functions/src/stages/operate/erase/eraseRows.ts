import type { Database } from "../../../platform/postgres.ts";
import type { EraseContext } from "./eraseContext.ts";
import { addCounts } from "./erasure.ts";
import { type OwnedRows, ownedRows } from "./ownedRows.ts";

// A transaction of half a second.
const ROWS_A_BATCH = 5_000;
const ALL_ROWS = 2_147_483_647;

/** Which row is erased with all that belongs to it, and in which erasure. */
export interface ErasedRow {
  readonly erasureId: number;
  /** `schema.table`, quoted; its key is `id`. */
  readonly root: string;
  /** The same, as it is counted. */
  readonly table: string;
  readonly id: number;
}

/**
 * Deletes a row with all that belongs to it, a bounded batch a transaction, and the row last. What comes while it runs
 * is deleted with the row.
 */
export async function eraseRow(context: EraseContext, row: ErasedRow): Promise<void> {
  const owned = await ownedRows(context.db, row.root);
  await eraseOwned(context, row, owned);
  await context.db.transaction(async (connection) => {
    // Whoever adds to it waits from here on, and then finds it gone.
    await connection.query(`select from ${row.root} where id = $1 for update`, [row.id]);
    const counts: Record<string, number> = {};
    for (const { table, deletion } of owned) {
      const { rowCount } = await connection.query(deletion, [row.id, ALL_ROWS]);
      counts[table] = (counts[table] ?? 0) + (rowCount ?? 0);
    }
    const { rowCount } = await connection.query(`delete from ${row.root} where id = $1`, [row.id]);
    await addCounts(connection, row.erasureId, { ...counts, [row.table]: rowCount ?? 0 });
  });
  await context.onBatch?.();
}

/** Deletes what belongs to a row by way of one table, and the rows of that table. */
export async function eraseOwnedBy(context: EraseContext, row: ErasedRow, by: string): Promise<void> {
  const owned = await ownedRows(context.db, row.root);
  await eraseOwned(
    context,
    row,
    owned.filter((rows) => rows.by === by),
  );
}

async function eraseOwned(context: EraseContext, row: ErasedRow, owned: readonly OwnedRows[]): Promise<void> {
  for (const rows of owned) {
    let deleted: number;
    do {
      context.signal?.throwIfAborted();
      deleted = await context.db.transaction((connection) => eraseBatch(connection, row, rows));
      if (deleted > 0) await context.onBatch?.();
    } while (deleted === ROWS_A_BATCH);
  }
}

async function eraseBatch(
  connection: Database,
  { erasureId, id }: ErasedRow,
  { table, deletion }: OwnedRows,
): Promise<number> {
  const { rowCount } = await connection.query(deletion, [id, ROWS_A_BATCH]);
  const deleted = rowCount ?? 0;
  if (deleted > 0) await addCounts(connection, erasureId, { [table]: deleted });
  return deleted;
}
