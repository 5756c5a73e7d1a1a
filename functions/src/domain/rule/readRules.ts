import { z } from "zod";
import { logWarning } from "../../platform/log.ts";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import { earlierNumbers, NUMBER_TABLES, THIS_DOCUMENT } from "../analysis/earlierPoints.ts";
import { type Rule, seriesKey } from "../analysis/series.ts";
import { AGGREGATION_NAMES, AGGREGATIONS, type Aggregation } from "./aggregations.ts";

const ruleRow = z.object({
  ruleId: z.int(),
  ruleName: z.string(),
  threshold: z.number(),
  minimumChange: z.number().nullable(),
  tellsRhythm: z.boolean(),
  /** Null where the rule's method is not known. */
  aggregation: z.enum(AGGREGATION_NAMES).nullable(),
  notificationMessage: z.string().nullable(),
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  reference: z.number().nullable(),
  count: z.coerce.number(),
});

const oneOf = (aggregation: Aggregation) => {
  const names = [aggregation, ...AGGREGATIONS[aggregation].aliases];
  return `in (${names.map((name) => `'${name}'`).join(", ")})`;
};
const ofEntries = AGGREGATION_NAMES.filter((name) => AGGREGATIONS[name].of === "entries");

// A rule belongs to a measurement; earlier backends made the same measurement several times, and the web application
// shows them all, so a rule on any of them counts. A method that is not known compares with the last value.
const RULES = prepared(`
  with point as (
    ${NUMBER_TABLES.map(
      (table) => `select company_measurement_id, item_key, "timestamp"
                    from measurement_${table}_value where raw_document_id = ${THIS_DOCUMENT}`,
    ).join(" union all ")}
  ), rule as (
    select rule.*, setting.minimum_change, coalesce(setting.tells_rhythm, false) as tells_rhythm, measurement.source_module_id, measurement.measurement_name, parent.measurement_name as parent_name,
           case ${AGGREGATION_NAMES.map((name) => `when method.name ${oneOf(name)} then '${name}'`).join(" ")}
           end as aggregation
      from notification_rules rule
      join source_measurement measurement on measurement.id = rule.source_measurement_id
      left join source_measurement parent on parent.id = measurement.parent_measurement_id
      left join pipeline.rule_setting setting on setting.rule_id = rule.rule_id
     cross join lateral (select upper(btrim(coalesce(rule.aggregation_method, ''), E' \\t\\r\\n')) as name) method
     where measurement.source_module_id = $2
  )
  select rule.rule_id, rule.rule_name, rule.threshold, rule.minimum_change, rule.tells_rhythm, rule.aggregation, rule.notification_message,
         point.company_measurement_id, point.item_key, history.reference, history.count
    from point
    join company_source_measurement series using (company_measurement_id)
    join source_measurement measurement on measurement.id = series.source_measurement_id
    left join source_measurement parent on parent.id = measurement.parent_measurement_id
    join rule on rule.source_module_id = measurement.source_module_id
             and rule.measurement_name = measurement.measurement_name
             and rule.parent_name is not distinct from parent.measurement_name
    cross join lateral (
      select case coalesce(rule.aggregation, 'LAST')
               ${AGGREGATION_NAMES.map((name) => `when '${name}' then (${AGGREGATIONS[name].sql})::float8`).join(" ")}
             end as reference,
             count(*) as count
        from ${earlierNumbers({
          series: "point",
          until: '< point."timestamp"',
          subject: "$3",
          limit: `case when rule.aggregation in (${ofEntries.map((name) => `'${name}'`).join(", ")})
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
  if (row.aggregation === null) warnOnce(row.ruleId);
  return {
    series: seriesKey(row),
    id: row.ruleId,
    name: row.ruleName,
    threshold: row.threshold,
    minimumChange: row.minimumChange,
    tellsRhythm: row.tellsRhythm,
    message: row.notificationMessage,
    aggregation: row.aggregation ?? "LAST",
    reference: row.count === 0 ? null : row.reference,
    referenceCount: row.count,
  };
}

// Keeps one mistake from filling the log: nothing depends on it.
const warned = new Set<number>();

function warnOnce(ruleId: number): void {
  if (warned.has(ruleId)) return;
  warned.add(ruleId);
  logWarning("A rule's aggregation method is unknown: comparing with the last value", { rule: ruleId });
}
