import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const healthRow = z
  .object({
    id: z.number(),
    source_name: z.string(),
    is_active: z.boolean(),
    health_status: z.enum(["UP", "DOWN"]),
    state: z.enum(["CLOSED", "OPEN", "PROBING"]),
    state_since: z.date().nullable(),
    down_since: z.date().nullable(),
    next_probe_at: z.date().nullable(),
    consecutive_failures: z.number(),
    last_error_type: z.string().nullable(),
    last_error_text: z.string().nullable(),
    last_error_at: z.date().nullable(),
    calls_today: z.number(),
    calls_per_day: z.number().nullable(),
  })
  .transform((row) => ({
    id: row.id,
    name: row.source_name,
    isActive: row.is_active,
    health: row.health_status,
    breaker: {
      state: row.state,
      since: row.state_since,
      downSince: row.down_since,
      nextProbeAt: row.state === "OPEN" ? row.next_probe_at : null,
      consecutiveFailures: row.consecutive_failures,
    },
    /** The last failure that was the source's own fault. */
    lastError:
      row.last_error_at === null
        ? null
        : { type: row.last_error_type, text: row.last_error_text, at: row.last_error_at },
    /** Tries of the module on the day (UTC) of `now`, and how many there may be; null without a quota. */
    calls: { today: row.calls_today, perDay: row.calls_per_day },
  }));

/** How a source is doing, for operators. */
export type SourceHealth = z.output<typeof healthRow>;

const SOURCE_HEALTH = `
  select d.id, d.source_name, d.is_active, d.health_status,
         coalesce(b.state, 'CLOSED') as state, b.state_since, b.down_since, b.next_probe_at,
         coalesce(b.consecutive_failures, 0) as consecutive_failures,
         b.last_error_type, left(b.last_error_text, 2000) as last_error_text, b.last_error_at,
         coalesce(today.calls, 0) as calls_today,
         pipeline.calls_per_day(d.additional_params) as calls_per_day
    from data_source d
    left join pipeline.source_breaker b on b.data_source_id = d.id
    left join pipeline.source_day today on today.data_source_id = d.id and today.day = $1::timestamp(3)::date
   where d.id = coalesce($2, d.id)
   order by d.id`;

/** Breaker, last error and quota of all sources, or of one. */
export function readSourceHealth(
  connection: Database,
  now: Date,
  sourceId?: number,
): Promise<SourceHealth[]> {
  return selectRows(connection, healthRow, SOURCE_HEALTH, [now, sourceId ?? null]);
}
