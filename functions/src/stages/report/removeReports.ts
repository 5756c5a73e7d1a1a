import pMap from "p-map";
import { z } from "zod";
import type { Batch, Expired, RetentionStores } from "../../domain/upkeep/upkeep.ts";
import { selectRows } from "../../platform/postgres.ts";

const REPORTS_A_BATCH = 100;
const REMOVALS_AT_A_TIME = 10;

// Reads report_run_week_idx.
const EXPIRED = `
  select user_id, week::text, page_blob
    from pipeline.report_run
   where week < $1::timestamp(3)::date
   order by week
   limit $2
     for update skip locked`;

// By delivery_report_key.
const REMOVE_DELIVERIES = `
  delete from pipeline.delivery
   using unnest($1::int[], $2::date[]) as report (user_id, week)
   where delivery.kind = 'REPORT' and delivery.user_id = report.user_id and delivery.week = report.week
     and delivery.state not in ('PENDING', 'SENDING')`;

const REMOVE_REPORTS = `
  delete from pipeline.report_run
   using unnest($1::int[], $2::date[]) as report (user_id, week)
   where report_run.user_id = report.user_id and report_run.week = report.week`;

const reportRow = z.object({ userId: z.int(), week: z.string(), pageBlob: z.string().nullable() });

/** Removes users' weekly reports: their pages and records. */
export function removeReports(
  { db, blobStore }: Pick<RetentionStores, "db" | "blobStore">,
  { before }: Expired,
): Promise<Batch> {
  return db.transaction(async (connection) => {
    const reports = await selectRows(connection, reportRow, EXPIRED, [before, REPORTS_A_BATCH]);
    const pages = reports.flatMap(({ pageBlob }) => pageBlob ?? []);
    await pMap(pages, (name) => blobStore.remove({ name }), { concurrency: REMOVALS_AT_A_TIME });
    const keys = [reports.map(({ userId }) => userId), reports.map(({ week }) => week)];
    await connection.query(REMOVE_DELIVERIES, keys);
    await connection.query(REMOVE_REPORTS, keys);
    return { removed: reports.length, isLast: reports.length < REPORTS_A_BATCH };
  });
}
