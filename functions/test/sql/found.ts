import { z } from "zod";

/** What `collect.ts` prints: each string of the sources that may be SQL. */
export const foundSchema = z.array(
  z.object({
    file: z.string(),
    line: z.int(),
    /** What it was evaluated to. Empty where that depends on what only a call knows: then it lacks a sample. */
    texts: z.array(z.string()),
  }),
);
