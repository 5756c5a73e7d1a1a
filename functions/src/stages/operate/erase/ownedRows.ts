import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const foreignKey = z.object({
  child: z.string(),
  child_name: z.string(),
  child_columns: z.array(z.string()),
  parent: z.string(),
  parent_columns: z.array(z.string()),
});

type ForeignKey = z.output<typeof foreignKey>;

// Those that cascade, and those that would refuse. One that sets null lets go by itself of what it refers to.
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

/** The rows of one table that belong to a root row, by one way of foreign keys. */
export interface OwnedRows {
  /** As it is counted: without the schema `public`. */
  readonly table: string;
  /** The first table on the way. */
  readonly by: string;
  /** Deletes at most $2 of those that belong to the root row with the key $1. */
  readonly deletion: string;
}

/**
 * All that belongs to a row of `root`, what depends on other rows first. It comes from the foreign keys that are there,
 * so that a table that is added is in it.
 *
 * @param root `schema.table`, quoted
 */
export async function ownedRows(db: Database, root: string): Promise<OwnedRows[]> {
  const keys = await selectRows(db, foreignKey, FOREIGN_KEYS);
  return waysFrom(keys, root, [])
    .toSorted((a, b) => b.length - a.length)
    .map((way) => ({
      table: way.at(-1)?.child_name ?? root,
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
      const on = key?.child_columns.map(
        (column, i) => `t${place}.${key.parent_columns[i]} = t${place + 1}.${column}`,
      );
      return `join ${child} t${place} on ${on?.join(" and ")}`;
    })
    .toReversed();
  return `
    delete from ${way[last]?.child} where ctid = any (array(
      select t${last}.ctid from ${way[last]?.child} t${last} ${joins.join(" ")}
       where t0.${first?.child_columns[0]} = $1
       limit $2 for update of t${last}))`;
}
