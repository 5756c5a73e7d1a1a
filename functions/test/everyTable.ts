import { z } from "zod";
import { type Database, selectRows } from "../src/platform/postgres.ts";

/** Rows in whatever tables there are, by what the catalog says: a table that is added later is in it. */

const tableRow = z.object({ name: z.string() });

const TABLES = `
  select format('%I.%I', table_schema, table_name) as name
    from information_schema.tables
   where table_schema in ('public', 'pipeline') and table_type = 'BASE TABLE'
   order by 1`;

/** All rows of all tables but those named, as text. */
export async function snapshot(db: Database, except: readonly string[]): Promise<Record<string, string[]>> {
  const tables = await selectRows(db, tableRow, TABLES);
  const rowsOf = async (name: string): Promise<[string, string[]]> => {
    const rows = await selectRows(db, z.object({ row: z.string() }), `select t::text as row from ${name} t`);
    return [name, rows.map(({ row }) => row).sort(byCodeUnits)];
  };
  return Object.fromEntries(
    await Promise.all(tables.filter(({ name }) => !except.includes(name)).map(({ name }) => rowsOf(name))),
  );
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

const columnRow = z.object({
  table: z.string(),
  column: z.string(),
  type: z.string(),
  label: z.string().nullable(),
  parent: z.string().nullable(),
  parentColumn: z.string().nullable(),
  isRequired: z.boolean(),
  place: z.int(),
});

type Column = z.output<typeof columnRow>;

const COLUMNS = `
  select format('%I.%I', own_schema.nspname, own.relname) as table, a.attname as column, format_type(a.atttypid, null) as type,
         (select enumlabel from pg_enum where enumtypid = a.atttypid order by enumsortorder limit 1) as label,
         key.parent, key.parent_column,
         a.attnotnull and not a.atthasdef and a.attidentity = '' as is_required, a.attnum as place
    from pg_attribute a
    join pg_class own on own.oid = a.attrelid and own.relkind = 'r'
    join pg_namespace own_schema on own_schema.oid = own.relnamespace and own_schema.nspname in ('public', 'pipeline')
    left join lateral (
      select format('%I.%I', schema.nspname, table_of.relname) as parent, there.attname as parent_column
        from pg_constraint
        join pg_class table_of on table_of.oid = confrelid
        join pg_namespace schema on schema.oid = table_of.relnamespace
        join pg_attribute there
          on there.attrelid = confrelid and there.attnum = confkey[array_position(conkey, a.attnum)]
       where contype = 'f' and conrelid = a.attrelid and a.attnum = any (conkey) and confdeltype in ('c', 'r', 'a')
       limit 1
    ) key on true
   where a.attnum > 0 and not a.attisdropped
   order by own.relname, a.attnum`;

const anyRow = z.record(z.string(), z.unknown());

type Row = z.output<typeof anyRow>;

/** Rows by table. */
export type Rows = Map<string, Row>;

let columnsByTable: Map<string, Column[]> | undefined;
let numbers = 1000;

/** What rows are made of. */
interface Filling {
  readonly columns: ReadonlyMap<string, readonly Column[]>;
  /** The tables from which foreign keys lead to the root, and their rows. */
  readonly owned: ReadonlySet<string>;
  readonly rows: Rows;
  /** One row of each table that such a row may need beside it; those that are missing are added. */
  readonly shared: Rows;
  readonly mark: string;
}

/**
 * Puts a row into every table from which foreign keys lead to `root`, in one way or several.
 *
 * @returns the tables that have a row now
 */
export async function fillOwned(
  db: Database,
  { root, row, shared, mark }: { root: string; row: Row; shared: Rows; mark: string },
): Promise<string[]> {
  columnsByTable ??= Map.groupBy(await selectRows(db, columnRow, COLUMNS), ({ table }) => table);
  const columns = columnsByTable;
  const parentsOf = (table: string) =>
    (columns.get(table) ?? []).flatMap(({ parent }) => (parent === null || parent === table ? [] : [parent]));
  const owned = new Set([root]);
  for (let size = 0; size < owned.size; ) {
    size = owned.size;
    for (const table of columns.keys()) {
      if (parentsOf(table).some((parent) => owned.has(parent))) owned.add(table);
    }
  }
  const filling = { columns, owned, rows: new Map([[root, row]]), shared, mark };
  const open = new Set([...owned].filter((table) => table !== root));
  while (open.size > 0) {
    const next = [...open].find((table) => !parentsOf(table).some((parent) => open.has(parent)));
    if (next === undefined) throw new Error(`In a circle: ${[...open].join(", ")}`);
    open.delete(next);
    filling.rows.set(next, await fill(db, next, filling));
  }
  return [...owned];
}

async function fill(db: Database, table: string, filling: Filling): Promise<Row> {
  const values: [Column, unknown][] = [];
  for (const column of filling.columns.get(table) ?? []) {
    const value = await columnValue(db, table, column, filling);
    if (value !== undefined) values.push([column, value]);
  }
  const names = values.map(([{ column }]) => `"${column}"`);
  const { rows: inserted } = await db.query(
    `insert into ${table} (${names.join(", ")})
     values (${values.map(([{ type }], i) => `$${i + 1}::${type}`).join(", ")}) on conflict do nothing returning *`,
    values.map(([, value]) => value),
  );
  if (inserted.length > 0) return anyRow.parse(inserted[0]);
  // A trigger was first.
  const links = values.filter(([{ parent }]) => parent !== null);
  const { rows: found } = await db.query(
    `select * from ${table} where ${links.map(([{ column }], i) => `"${column}" = $${i + 1}`).join(" and ")} limit 1`,
    links.map(([, value]) => value),
  );
  if (found.length === 0) throw new Error(`No row came into ${table}`);
  return anyRow.parse(found[0]);
}

async function columnValue(db: Database, table: string, column: Column, filling: Filling): Promise<unknown> {
  const { parent, parentColumn, isRequired } = column;
  if (parent === null || parent === table) return isRequired ? sampleOf(column, filling.mark) : undefined;
  const known = filling.rows.get(parent) ?? filling.shared.get(parent);
  if (known === undefined && !isRequired) return undefined;
  const row = known ?? (await fill(db, parent, filling));
  if (known === undefined) filling.shared.set(parent, row);
  return row[parentColumn ?? ""];
}

function sampleOf({ column, type, label, place }: Column, mark: string): unknown {
  if (label !== null) return label;
  if (/^timestamp|^date/.test(type)) return `2025-03-${String(place).padStart(2, "0")}`;
  if (type === "jsonb") return "{}";
  if (type.endsWith("[]")) return "{}";
  if (type === "boolean") return false;
  if (/^(text|character)/.test(type)) return `${column} ${mark}`;
  // Where it is part of a key, it must be another one each time.
  numbers += 1;
  return numbers;
}
