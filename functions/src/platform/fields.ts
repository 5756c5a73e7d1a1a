import { z } from "zod";

// All ids of the contract are PostgreSQL integers.
const LARGEST_ID = 2_147_483_647;

/** The id of a row. */
export const rowId = z.number().int().min(1).max(LARGEST_ID);

/** The same as text, as queries and some callers send it: digits only, though Number() would accept more. */
export const rowIdInText = z.string().regex(/^\d+$/, "expected a number").transform(Number).pipe(rowId);

/** Text that PostgreSQL can store unchanged: without NUL and without half surrogate pairs. */
export const storableText = z
  .string()
  .refine((text) => !text.includes("\0"), "must not contain a NUL character")
  .refine((text) => text.isWellFormed(), "must be valid Unicode");
