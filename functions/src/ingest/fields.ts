import { z } from "zod";

// Postgres' integer, which all ids of the contract are.
const LARGEST_ID = 2_147_483_647;

/** The id of a row. */
export const rowId = z.number().int().min(1).max(LARGEST_ID);

/** Text that Postgres can hold: it refuses the NUL character. */
export const storableText = z
  .string()
  .refine((text) => !text.includes("\0"), "must not contain a NUL character");
