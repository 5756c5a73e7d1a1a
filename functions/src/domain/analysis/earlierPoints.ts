/** What all statements about a document's values and their histories have in common. */

/**
 * The id of the document that a statement is about, its $1. So the planner does not see which one it is, makes one plan
 * for all, and keeps it: these plans go through a dozen tables, and take longer to make than to follow.
 */
export const THIS_DOCUMENT = "(select $1::text)";

/** Which points: of which series, up to when, of which subject, and how many. */
interface Bounds {
  /** An alias with company_measurement_id and item_key. */
  readonly series: string;
  readonly until: string;
  readonly subject: string;
  readonly limit: string;
}

// Values of documents about another subject are in no history, nor those of one that was a data problem. Values of
// other writers have no document.
const counts = (subject: string) => `(
  earlier.raw_document_id is null
  or exists (
    select from pipeline.raw_document document
     where document.id = earlier.raw_document_id and document.subject = ${subject}::text)
  and not exists (
    select from pipeline.data_problem problem
     where problem.raw_document_id = earlier.raw_document_id
       and (problem.held_series is null
            or (earlier.company_measurement_id || ' ' || earlier.item_key) = any (problem.held_series))))`;

/**
 * A condition: a value stands for its period, or for its time where it is about none. Of several it is the one that came
 * last, unless that one is about another subject or was a data problem.
 *
 * @param value an alias of the value's table
 * @param series one of an outer query with company_measurement_id: its period is looked up once
 */
export function isLastOfPeriod(table: string, value: string, series: string): string {
  const period = `(
        select period.period
          from company_source_measurement own
          join pipeline.measurement_period period using (source_measurement_id)
         where own.company_measurement_id = ${series}.company_measurement_id)`;
  const inPeriod = (word: string) => `date_trunc(${period}, ${word})`;
  const start = `coalesce(${inPeriod(`${value}."timestamp"`)}, ${value}."timestamp")`;
  const length = `(case ${period} when 'quarter' then '3 months' else '1 ' || ${period} end)::interval`;
  const end = `coalesce(${inPeriod(`${value}."timestamp"`)} + ${length}, ${value}."timestamp" + interval '1 ms')`;
  return `not exists (
       select from measurement_${table}_value later
        where later.company_measurement_id = ${value}.company_measurement_id and later.item_key = ${value}.item_key
          and later."timestamp" >= ${start} and later."timestamp" < ${end}
          and (later.created_at, later."timestamp", later.raw_document_id)
              > (${value}.created_at, ${value}."timestamp", ${value}.raw_document_id)
          and (select subject from pipeline.raw_document where id = later.raw_document_id) is not distinct from
              (select subject from pipeline.raw_document where id = ${value}.raw_document_id)
          and not exists (
            select from pipeline.data_problem problem
             where problem.raw_document_id = later.raw_document_id
               and (problem.held_series is null
                    or (later.company_measurement_id || ' ' || later.item_key) = any (problem.held_series))))`;
}

/**
 * A subquery: the newest points of a series before a time, from one value table. Reads its
 * measurement_<table>_value_point_key backwards, as far as `limit` goes.
 */
export function earlierIn(table: string, { series, until, subject, limit }: Bounds): string {
  return `(
    select earlier.value, earlier."timestamp"
      from measurement_${table}_value earlier
     where earlier.company_measurement_id = ${series}.company_measurement_id
       and earlier.item_key = ${series}.item_key
       and earlier."timestamp" ${until}
       and ${counts(subject)} and ${isLastOfPeriod(table, "earlier", series)}${table === "bigint" ? " and abs(earlier.value) < 1e308" : ""}
     order by earlier."timestamp" desc, earlier.raw_document_id desc
     limit ${limit}
  )`;
}

/** The tables that hold numbers: a count that outgrows one goes on in the next. */
export const NUMBER_TABLES = ["int", "bigint", "float"] as const;

/** As {@link earlierIn}, over all tables that hold numbers. */
export function earlierNumbers(bounds: Bounds): string {
  return `(
    select value::float8 as value, "timestamp"
      from (${NUMBER_TABLES.map((table) => earlierIn(table, bounds)).join(" union all ")}) as number
     order by "timestamp" desc
     limit ${bounds.limit}
  )`;
}
