import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const healthRow = z
  .object({
    id: z.number(),
    sourceName: z.string(),
    isActive: z.boolean(),
    healthStatus: z.enum(["UP", "DOWN"]),
    state: z.enum(["CLOSED", "OPEN", "PROBING"]),
    stateSince: z.date().nullable(),
    downSince: z.date().nullable(),
    nextProbeAt: z.date().nullable(),
    consecutiveFailures: z.number(),
    lastErrorType: z.string().nullable(),
    lastErrorText: z.string().nullable(),
    lastErrorAt: z.date().nullable(),
    callsToday: z.number(),
    callsPerDay: z.number().nullable(),
  })
  .transform((row) => ({
    id: row.id,
    name: row.sourceName,
    isActive: row.isActive,
    health: row.healthStatus,
    breaker: {
      state: row.state,
      since: row.stateSince,
      downSince: row.downSince,
      nextProbeAt: row.state === "OPEN" ? row.nextProbeAt : null,
      consecutiveFailures: row.consecutiveFailures,
    },
    /** The last failure that was the source's own fault. */
    lastError:
      row.lastErrorAt === null
        ? null
        : { type: row.lastErrorType, text: row.lastErrorText, at: row.lastErrorAt },
    /** Tries of the module on the day (UTC) of `now`, and how many there may be; null without a quota. */
    calls: { today: row.callsToday, perDay: row.callsPerDay },
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
