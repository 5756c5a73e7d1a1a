import { z } from "zod";

// Postgres' integer, which all ids of the contract are.
const LARGEST_ID = 2_147_483_647;

/** The id of a row. */
export const rowId = z.number().int().min(1).max(LARGEST_ID);

/** The same in text, as queries and some callers have it: digits, and nothing that Number() would take as well. */
export const rowIdInText = z.string().regex(/^\d+$/, "expected a number").transform(Number).pipe(rowId);

/** Text that Postgres can hold as it is: it has no NUL character, and no half of a surrogate pair. */
export const storableText = z
  .string()
  .refine((text) => !text.includes("\0"), "must not contain a NUL character")
  .refine((text) => text.isWellFormed(), "must be valid Unicode");
