import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import { addCounts, type EraseContext } from "./erasure.ts";

// A transaction of half a second.
const ROWS_A_BATCH = 5_000;
const ALL_ROWS = 2_147_483_647;

/** The row to erase with everything that belongs to it, and its erasure. */
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

/** Deletes what belongs to a row through one table, and that table's rows. */
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

const foreignKey = z.object({
  child: z.string(),
  childName: z.string(),
  childColumns: z.array(z.string()),
  parent: z.string(),
  parentColumns: z.array(z.string()),
});

type ForeignKey = z.output<typeof foreignKey>;

// Keys that cascade and keys that would refuse. Keys that set null release their reference by themselves.
const FOREIGN_KEYS = `
  select format('%I.%I', child_schema.nspname, child.relname) as child,
         case child_schema.nspname when 'public' then '' else child_schema.nspname || '.' end || child.relname
           as child_name,
         array(select quote_ident(attname) from unnest(key.conkey) with ordinality as k (number, place)
                 join pg_attribute on attrelid = key.conrelid and attnum = k.number order by place) as child_columns,
         format('%I.%I', parent_schema.nspname, parent.relname) as parent,
         array(select quote_ident(attname) from unnest(key.confkey) with ordinality as k (number, place)
                 join pg_attribute on attrelid = key.confrelid and attnum = k.number order by place) as parent_columns
    from pg_constraint key
    join pg_class child on child.oid = key.conrelid
    join pg_namespace child_schema on child_schema.oid = child.relnamespace
    join pg_class parent on parent.oid = key.confrelid
    join pg_namespace parent_schema on parent_schema.oid = parent.relnamespace
   where key.contype = 'f' and key.confdeltype in ('c', 'r', 'a')
   order by 1, 4, key.conname`;

/** One table's rows that belong to a root row through one path of foreign keys. */
interface OwnedRows {
  /** As it is counted: without the schema `public`. */
  readonly table: string;
  /** The first table on the way. */
  readonly by: string;
  /** Deletes at most $2 rows that belong to the root row with the key $1. */
  readonly deletion: string;
}

/**
 * All that belongs to a row of `root`, what depends on other rows first. It comes from the foreign keys that are there,
 * so that a table that is added is in it.
 *
 * @param root `schema.table`, quoted
 */
async function ownedRows(db: Database, root: string): Promise<OwnedRows[]> {
  const keys = await selectRows(db, foreignKey, FOREIGN_KEYS);
  return waysFrom(keys, root, [])
    .toSorted((a, b) => b.length - a.length)
    .map((way) => ({
      table: way.at(-1)?.childName ?? root,
      by: way[0]?.child ?? root,
      deletion: deletionOf(way),
    }));
}

function waysFrom(keys: readonly ForeignKey[], parent: string, way: readonly ForeignKey[]): ForeignKey[][] {
  return keys
    .filter((key) => key.parent === parent && !way.some((before) => before.parent === key.child))
    .filter((key) => key.child !== parent)
    .flatMap((key) => {
      const longer = [...way, key];
      return [longer, ...waysFrom(keys, key.child, longer)];
    });
}

// Row by row through the indexes of the foreign keys. Locked first: a row that changes meanwhile is another version,
// which the deletion would miss.
function deletionOf(way: readonly ForeignKey[]): string {
  const last = way.length - 1;
  const [first] = way;
  const joins = way
    .slice(0, -1)
    .map(({ child }, place) => {
      const key = way[place + 1];
      const on = key?.childColumns.map(
        (column, i) => `t${place}.${key.parentColumns[i]} = t${place + 1}.${column}`,
      );
      return `join ${child} t${place} on ${on?.join(" and ")}`;
    })
    .toReversed();
  return `
    delete from ${way[last]?.child} where ctid = any (array(
      select t${last}.ctid from ${way[last]?.child} t${last} ${joins.join(" ")}
       where t0.${first?.childColumns[0]} = $1
       limit $2 for update of t${last}))`;
}
