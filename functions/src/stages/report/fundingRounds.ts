import { z } from "zod";
import type { FindingRow } from "../../domain/message/findings.ts";
import type { FundingRound } from "../../domain/message/message.ts";
import { formatNumber } from "../../domain/words/numbers.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Period } from "./week.ts";

/** A company's funding round, and its item at the source. */
export interface CompanyRound {
  readonly companyId: number;
  readonly itemKey: string;
  readonly round: FundingRound;
}

const fieldRow = z.object({
  companyId: z.int(),
  name: z.string(),
  itemKey: z.string(),
  text: z.string().nullable(),
  figure: z.number().nullable(),
  date: z.date().nullable(),
  wasKnown: z.boolean(),
});

type RoundField = z.output<typeof fieldRow>;

// Rounds are announced days or weeks before a source has them.
const RECENT_MS = 31 * 86_400_000;

/**
 * The funding rounds that were first seen in a period: what a source measures under names that begin with "funding
 * round" (Crunchbase's). Of a company whose rounds had not been mined before, only those of the last month.
 */
export async function roundsOfPeriod(
  db: Database,
  companyIds: readonly number[],
  period: Period,
): Promise<CompanyRound[]> {
  const fields = await selectRows(db, fieldRow, NEW_FIELDS, [companyIds, period.from, period.to]);
  const byCompany = Map.groupBy(fields, ({ companyId }) => companyId);
  return [...byCompany].flatMap(([companyId, own]) => roundsOf(companyId, own, period));
}

const kinds = [
  { table: "text", columns: "value as text, null::float8 as figure, null::timestamp as date" },
  { table: "int", columns: "null, value::float8, null" },
  { table: "bigint", columns: "null, case when abs(value) < 1e308 then value::float8 end, null" },
  { table: "float", columns: "null, value, null" },
  { table: "date", columns: "null, null, value" },
];

// Each part reads the entries of its few series in measurement_*_value_point_key.
const NEW_FIELDS = `
  with series as (
    select series.company_id, series.company_measurement_id as id, measurement.measurement_name as name
      from company_source_measurement series
      join source_measurement measurement on measurement.id = series.source_measurement_id
     where series.company_id = any($1::int[]) and series.is_canonical
       and measurement.measurement_name ilike 'funding round%'
  )
  select series.company_id, series.name, field.item_key, field.text, field.figure, field.date, field.was_known
    from series
   cross join lateral (${kinds.map(newFields).join(" union all ")}) as field
   order by series.company_id, field.item_key, field.seen_at`;

function newFields({ table, columns }: (typeof kinds)[number]): string {
  const values = `measurement_${table}_value`;
  return `
    select item_key, "timestamp" as seen_at, ${columns},
           exists (
             select from ${values} earlier
              where earlier.company_measurement_id = series.id and earlier."timestamp" <= $2) as was_known
      from ${values} value
     where value.company_measurement_id = series.id and value.item_key <> ''
       and value."timestamp" > $2 and value."timestamp" <= $3
       and not exists (
         select from ${values} earlier
          where earlier.company_measurement_id = series.id and earlier.item_key = value.item_key
            and earlier."timestamp" <= $2)`;
}

function roundsOf(companyId: number, fields: readonly RoundField[], { to }: Period): CompanyRound[] {
  const keys = [...new Set(fields.filter((field) => !isInvestor(field)).map(({ itemKey }) => itemKey))];
  // An item within a round, such as an investor, has a key that extends the round's.
  const rounds = keys.filter((key) => !keys.some((other) => key.startsWith(`${other}/`)));
  return rounds
    .map((key) => {
      const own = fields.filter(({ itemKey }) => itemKey === key || itemKey.startsWith(`${key}/`));
      return { companyId, itemKey: key, round: roundOf(own), wasKnown: own.some(({ wasKnown }) => wasKnown) };
    })
    .filter(({ round, wasKnown }) => wasKnown || isRecent(round.date, to))
    .map(({ wasKnown: _known, ...round }) => round);
}

function isInvestor({ name, text }: RoundField): boolean {
  return /investor/i.test(name) && text !== null;
}

function isRecent(date: Date | undefined, to: Date): boolean {
  return date !== undefined && date.getTime() > to.getTime() - RECENT_MS;
}

function roundOf(fields: readonly RoundField[]): FundingRound {
  const title = fields.find(
    ({ name, text }) => text !== null && /title|name|type|series/i.test(name) && !/investor/i.test(name),
  );
  const raised = fields.find(({ name, figure }) => figure !== null && /money|raised|amount/i.test(name));
  const date = fields.find(({ date }) => date !== null)?.date ?? undefined;
  const investors = investorsOf(fields);
  return {
    title: title?.text ?? "A funding round",
    ...(raised === undefined ? {} : { amount: amountOf(raised) }),
    ...(date === undefined ? {} : { date }),
    ...(investors.length === 0 ? {} : { investors }),
  };
}

function amountOf({ name, figure }: RoundField): string {
  const amount = formatNumber(figure ?? 0);
  return /usd/i.test(name) ? `$${amount}` : amount;
}

function investorsOf(fields: readonly RoundField[]): string[] {
  const names = fields.filter(isInvestor).flatMap(({ text }) => (text === null ? [] : [text]));
  if (names.length > 0) return [...new Set(names)];
  const number = fields.find(({ name, figure }) => figure !== null && /investor/i.test(name))?.figure;
  if (number === undefined || number === null || number < 1) return [];
  return [number === 1 ? "1 investor" : `${formatNumber(number)} investors`];
}

/** Whether a finding only announces a round that the report tells by itself. */
export function tellsOfRound(
  { companyId, itemKey, measurementName }: FindingRow,
  round: CompanyRound,
): boolean {
  const isOfRound = itemKey === round.itemKey || itemKey.startsWith(`${round.itemKey}/`);
  return companyId === round.companyId && isOfRound && /^funding round/i.test(measurementName);
}
