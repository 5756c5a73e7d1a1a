import { Timestamp } from "firebase-admin/firestore";
import { z } from "zod";

const instant = z.instanceof(Timestamp);
const id = z.number().int();

/**
 * A raw document in Firestore. The web application reads company_id, data, mining_trigger and status, and finds
 * a company's documents by company_id as a string.
 */
export const rawDocument = z.object({
  company_id: z.string().regex(/^\d+$/),
  /** The raw answer as a map; null where Firestore cannot hold it without loss, and `content` does. */
  data: z.record(z.string(), z.unknown()).nullable(),
  /** Where the feed's body is kept, byte by byte, and why; the raw answer is its field `raw_data`. */
  content: z
    .object({ blob: z.string(), bytes: z.number().int(), sha256: z.string(), reason: z.string() })
    .optional(),
  /** The mining task's id, as a string. */
  mining_trigger: z.string().nullable(),
  status: z.literal("received"),
  source_id: id,
  source_name: z.string(),
  task_id: id.nullable(),
  attempt: id.nullable(),
  /** Why it goes no further, where it was fed too late. */
  late: z.string().optional(),
  received_at: instant,
  /** When what it says was so: stated by who fed it, else when it was received. */
  observed_at: instant,
});

export type RawDocumentData = z.output<typeof rawDocument>;
