import { z } from "zod";
import { logWarning } from "../../platform/log.ts";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import { earlierNumbers, NUMBER_TABLES, THIS_DOCUMENT } from "../analysis/earlierPoints.ts";
import { type Aggregation, type Rule, seriesKey } from "../analysis/series.ts";
import { aggregationOf } from "./rules.ts";

const ruleRow = z.object({
  rule_id: z.int(),
  rule_name: z.string(),
  threshold: z.number(),
  aggregation_method: z.string().nullable(),
  notification_message: z.string().nullable(),
  company_measurement_id: z.int(),
  item_key: z.string(),
  last: z.number().nullable(),
  avg: z.number().nullable(),
  sum: z.number().nullable(),
  max: z.number().nullable(),
  min: z.number().nullable(),
  count: z.coerce.number(),
});

// A rule belongs to a measurement; earlier backends made the same measurement several times, and the web application
// shows them all, so a rule on any of them counts. A method that is not known, or none, needs the last value only.
const RULES = prepared(`
  with point as (
    ${NUMBER_TABLES.map(
      (table) => `select company_measurement_id, item_key, "timestamp"
                    from measurement_${table}_value where raw_document_id = ${THIS_DOCUMENT}`,
    ).join(" union all ")}
  ), rule as (
    select rule.*, measurement.source_module_id, measurement.measurement_name, parent.measurement_name as parent_name
      from notification_rules rule
      join source_measurement measurement on measurement.id = rule.source_measurement_id
      left join source_measurement parent on parent.id = measurement.parent_measurement_id
     where measurement.source_module_id = $2
  )
  select rule.rule_id, rule.rule_name, rule.threshold, rule.aggregation_method, rule.notification_message,
         point.company_measurement_id, point.item_key,
         history.last, history.avg, history.sum, history.max, history.min, history.count
    from point
    join company_source_measurement series using (company_measurement_id)
    join source_measurement measurement on measurement.id = series.source_measurement_id
    left join source_measurement parent on parent.id = measurement.parent_measurement_id
    join rule on rule.source_module_id = measurement.source_module_id
             and rule.measurement_name = measurement.measurement_name
             and rule.parent_name is not distinct from parent.measurement_name
    cross join lateral (
      select (array_agg(value order by "timestamp" desc))[1] as last,
             avg(value) as avg, sum(value) as sum, max(value) as max, min(value) as min, count(*) as count
        from ${earlierNumbers({
          series: "point",
          until: '< point."timestamp"',
          subject: "$3",
          limit: `case when upper(trim(rule.aggregation_method)) in ('AVG', 'AVERAGE', 'MEAN', 'SUM', 'MAX', 'MIN', 'COUNT')
                       then nullif(greatest(rule.num_aggregation_entries, 0), 0) else 1 end`,
        })} recent
    ) history
   order by rule.rule_id, point.item_key`);

/** The rules on the values of a raw document, by series, with what each compares with. */
export async function readRules(
  connection: Database,
  { id, sourceId, subject }: { readonly id: string; readonly sourceId: number; readonly subject: string },
): Promise<ReadonlyMap<string, readonly Rule[]>> {
  const rows = await selectRows(connection, ruleRow, RULES, [id, sourceId, subject]);
  return Map.groupBy(rows.map(ruleOf), ({ series }) => series);
}

function ruleOf(row: z.output<typeof ruleRow>): Rule & { readonly series: string } {
  const aggregation = knownAggregation(row.rule_id, row.aggregation_method);
  return {
    series: seriesKey({ companyMeasurementId: row.company_measurement_id, itemKey: row.item_key }),
    id: row.rule_id,
    name: row.rule_name,
    threshold: row.threshold,
    message: row.notification_message,
    aggregation,
    reference: row.count === 0 ? null : referenceOf(row, aggregation),
    referenceCount: row.count,
  };
}

function referenceOf(row: z.output<typeof ruleRow>, aggregation: Aggregation): number | null {
  const { last, avg, sum, max, min, count } = row;
  return { LAST: last, AVG: avg, SUM: sum, MAX: max, MIN: min, COUNT: count }[aggregation];
}

// Only so that a log does not fill up with one mistake: nothing depends on it.
const warned = new Set<number>();

function knownAggregation(ruleId: number, method: string | null): Aggregation {
  const aggregation = aggregationOf(method);
  if (aggregation !== undefined) return aggregation;
  if (!warned.has(ruleId)) {
    warned.add(ruleId);
    logWarning("A rule's aggregation method is not known: its values are compared with the last one", {
      rule: ruleId,
    });
  }
  return "LAST";
}
