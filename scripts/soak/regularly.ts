import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { Query } from "../stack/query.ts";
import { fire, scheduledFunctions } from "../stack/scheduler.ts";
import type { Stack } from "../stack/stack.ts";

// In production every 5 minutes, and every 30.
const EVERY_MS = 750;
const PATIENCE_MS = 10_000;

// A source that is taken for down is tried again after minutes. Time goes faster here.
const PROBE_SOON = `
  update pipeline.source_breaker set next_probe_at = now() at time zone 'utc'
   where state = 'OPEN' and next_probe_at > now() at time zone 'utc'`;

// Comments are asked for again after two hours, of which a part is still minutes.
const COMMENTS_SOON = `
  update pipeline.analysis set analyzed_at = analyzed_at - interval '2 hours'
   where comment_count > 0 and comments_asked_again_at is null
     and analyzed_at > (now() at time zone 'utc') - interval '1 hour'
     and analyzed_at < (now() at time zone 'utc') - interval '10 seconds'`;

/**
 * Fires the scheduled functions that start what is due and set going again what stands still, until it is stopped.
 *
 * @param options.isSwept whether anything can stand still: the sweeper's patience is short here, and would take for
 *   lost what is only slow
 */
export async function fireRegularly(
  stack: Stack,
  query: Query,
  { isSwept, stop }: { isSwept: boolean; stop: AbortSignal },
): Promise<void> {
  const wanted = isSwept ? ["scheduleTick", "sweep"] : ["scheduleTick"];
  const jobs = (await scheduledFunctions(stack)).filter(({ name }) => wanted.includes(name));
  if (jobs.length !== wanted.length) throw new Error(`Not all of ${wanted.join(", ")} are deployed`);
  while (!stop.aborted) {
    for (const sooner of [PROBE_SOON, COMMENTS_SOON]) await query(z.unknown(), sooner);
    for (const job of jobs) {
      // One whose process is killed, or that hangs, is fired again in a moment.
      await Promise.race([
        fire(stack, job, new Date()).catch(() => undefined),
        setTimeout(PATIENCE_MS, undefined, { ref: false }),
      ]);
    }
    await setTimeout(EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
