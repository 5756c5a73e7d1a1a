import { z } from "zod";
import { selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";
import ruleSeed from "./ruleSeed.json" with { type: "json" };

// By the name of a data source, in lower case.
const seedSchema = z.record(
  z.string(),
  z.array(
    z.object({
      measurement_name: z.string(),
      rule_name: z.string(),
      threshold: z.number(),
      aggregation_method: z.string().nullable(),
      num_aggregation_entries: z.int().nullable(),
      notification_message: z.string().nullable(),
    }),
  ),
);

/** How many rules were made, and how many were there. */
export interface SeededRules {
  readonly created: number;
  readonly existing: number;
}

// Two that seed at once meet here: rules have no key that says that they are the same.
const LOCK_SEED = "select pg_advisory_xact_lock(hashtextextended('pipeline.seed_rules', 0))";

// A measurement that was made several times gets its rule once: on the row that this backend fills, else the oldest,
// unless one of its rows has it already.
const SEED = `
  with wanted as (
    select distinct on (measurement.source_module_id, measurement.parent_measurement_id, rule.position)
           measurement.id as measurement_id, measurement.source_module_id, measurement.parent_measurement_id, rule.*
      from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::int[], $7::text[])
             with ordinality
             as rule (source_name, measurement_name, rule_name, threshold, aggregation_method,
                      num_aggregation_entries, notification_message, position)
      join data_source source on lower(source.source_name) = rule.source_name
      join source_measurement measurement
        on measurement.source_module_id = source.id
       and lower(measurement.measurement_name) = lower(rule.measurement_name)
     order by measurement.source_module_id, measurement.parent_measurement_id, rule.position,
              measurement.is_canonical desc, measurement.id
  ), created as (
    insert into notification_rules
      (rule_name, source_measurement_id, threshold, aggregation_method, num_aggregation_entries,
       notification_message, created_at, modified_at)
    select rule_name, measurement_id, threshold, aggregation_method, num_aggregation_entries,
           notification_message, $8, $8
      from wanted
     where not exists (
       select from notification_rules known
         join source_measurement twin on twin.id = known.source_measurement_id
        where known.rule_name = wanted.rule_name
          and twin.source_module_id = wanted.source_module_id
          and twin.parent_measurement_id is not distinct from wanted.parent_measurement_id
          and lower(twin.measurement_name) = lower(wanted.measurement_name))
     order by position, measurement_id
    returning rule_id
  )
  select (select count(*)::int from created) as created, (select count(*)::int from wanted) as wanted`;

const seededRow = z
  .object({ created: z.int(), wanted: z.int() })
  .transform(({ created, wanted }): SeededRules => ({ created, existing: wanted - created }));

/**
 * Makes the rules that come with the project, for the measurements that their sources have by now. One that is there
 * stays as it is, whatever its threshold has become.
 */
export function seedRules(db: TransactionalDatabase, now: Date): Promise<SeededRules> {
  const rules = Object.entries(seedSchema.parse(ruleSeed)).flatMap(([source, entries]) =>
    entries.map((rule) => ({ source: source.toLowerCase(), ...rule })),
  );
  return db.transaction(async (connection) => {
    await connection.query(LOCK_SEED);
    const seeded = await selectRow(connection, seededRow, SEED, [
      rules.map(({ source }) => source),
      rules.map(({ measurement_name }) => measurement_name),
      rules.map(({ rule_name }) => rule_name),
      rules.map(({ threshold }) => threshold),
      rules.map(({ aggregation_method }) => aggregation_method),
      rules.map(({ num_aggregation_entries }) => num_aggregation_entries),
      rules.map(({ notification_message }) => notification_message),
      now,
    ]);
    return seeded ?? { created: 0, existing: 0 };
  });
}
