import { z } from "zod";
import type { Query } from "../stack/query.ts";

const row = z.object({
  tasks: z.int(),
  calls: z.int(),
  callsGivenUp: z.int(),
  documents: z.int(),
  deliveries: z.int(),
  unknownDeliveries: z.int(),
  refusedTransitions: z.int(),
  slowestDocumentSeconds: z.number(),
});

/** What was done more than once, and how long the slowest document took from its acceptance to its analysis. */
export type Retries = z.output<typeof row>;

const RETRIES = `
  select (select coalesce(sum(greatest(attempts - 1, 0)), 0)::int from scheduled_task) as tasks,
         (select coalesce(sum(greatest(attempt - 1, 0)), 0)::int from pipeline.mining_call) as calls,
         (select count(*)::int from pipeline.mining_call where state = 'FAILED') as "callsGivenUp",
         (select coalesce(sum(attempt), 0)::int from pipeline.raw_document) as documents,
         (select coalesce(sum(greatest(attempt - 1, 0)), 0)::int from pipeline.delivery) as deliveries,
         (select count(*)::int from pipeline.delivery where state = 'UNKNOWN') as "unknownDeliveries",
         (select count(*)::int from pipeline.refused_transition) as "refusedTransitions",
         (select coalesce(round(extract(epoch from max(state_since - received_at)), 1), 0)::float
            from pipeline.raw_document) as "slowestDocumentSeconds"`;

/** Counts what was done more than once. */
export async function readRetries(query: Query): Promise<Retries> {
  const [found] = await query(row, RETRIES);
  if (found === undefined) throw new Error("The counts of retries gave no row");
  return found;
}
