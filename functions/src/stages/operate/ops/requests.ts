import { z } from "zod";
import { rowId, rowIdInText, storableText } from "../../../platform/fields.ts";

/** What the operations of `ops` are told, over HTTP and by commands. */

const sourceName = storableText.min(1).max(300);
const id = z.union([rowId, rowIdInText]);
const limit = z.coerce.number().int().min(1).max(1000).default(50);

/** A day, from its beginning in UTC, or a moment. */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).pipe(z.coerce.date());

/** The end of a range: a day is wholly in it. */
const rangeEnd = z
  .union([
    z.iso.date().transform((day) => new Date(Date.parse(day) + 24 * 3_600_000)),
    z.iso.datetime({ offset: true }).pipe(z.coerce.date()),
  ])
  .describe("not itself in the range");

export const statusRequest = z.object({
  hours: z.coerce.number().positive().max(744).default(24),
});

export const runsRequest = z.object({
  job: storableText.optional(),
  state: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["RUNNING", "SUCCEEDED", "FAILED"]))
    .optional(),
  limit,
});

const filter = {
  source: sourceName.optional(),
  reason: storableText.min(1).max(1000).optional(),
  since: moment.optional(),
};

export const failedRequest = z.object({ ...filter, limit });

export const retryRequest = z
  .object({
    ids: z.array(storableText.min(1).max(1500)).min(1).max(1000).optional(),
    ...filter,
    all: z.boolean().default(false),
  })
  .refine(({ all, ...named }) => all || Object.values(named).some((value) => value !== undefined), {
    error: "Give ids, source, reason or since, or set all to true",
  });

export const pauseRequest = z.object({ source: sourceName, reason: storableText.min(1).max(1000) });
export const resumeRequest = z.object({ source: sourceName });
export const cancelRequest = z.object({ task: id });

export const backfillRequest = z.object({
  source: sourceName,
  mode: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["MINE", "PROCESS"])),
  from: moment,
  to: rangeEnd,
  companies: z.array(id).min(1).max(10_000).optional(),
  all: z.boolean().optional(),
});

export const backfillsRequest = z.object({ limit });
export const oneBackfillRequest = z.object({ id });

export const eraseRequest = z.object({ kind: z.enum(["company", "user"]), id });
