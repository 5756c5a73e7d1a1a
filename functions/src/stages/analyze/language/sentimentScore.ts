import { z } from "zod";

/** How a comment feels: 0 is angry, 10 enthusiastic. */
export const sentimentScore = z.int().min(0).max(10);

export const NEUTRAL = 5;
