import { Cron } from "croner";
import { z } from "zod";
import { messageOf } from "../userError.ts";
import { whenStopping } from "./shutdown.ts";
import type { Stack } from "./stack.ts";

/** A function that Cloud Scheduler calls in production. */
interface ScheduledFunction {
  readonly id: string;
  readonly name: string;
  /** Cron, or App Engine's "every 30 minutes". */
  readonly schedule: string;
  readonly timeZone: string;
}

const backends = z.object({
  backends: z.array(
    z.object({
      functionTriggers: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          schedule: z.object({ schedule: z.string(), timeZone: z.string().nullish() }).optional(),
        }),
      ),
    }),
  ),
});

/** The scheduled functions that the functions emulator has loaded. */
export async function scheduledFunctions(stack: Stack): Promise<ScheduledFunction[]> {
  const response = await fetch(`${stack.functionsOrigin}/backends`);
  return backends
    .parse(await response.json())
    .backends.flatMap((backend) => backend.functionTriggers)
    .flatMap(({ id, name, schedule }) =>
      schedule ? [{ id, name, schedule: schedule.schedule, timeZone: schedule.timeZone ?? "UTC" }] : [],
    );
}

/**
 * The cron expression of a schedule. Of App Engine's phrases, only intervals that divide an hour or a day are
 * understood; others have no cron expression.
 *
 * @returns undefined if the schedule is not understood
 */
export function cronOf(schedule: string): string | undefined {
  const interval = /^every (\d+) (minute|hour|min)s?$/.exec(schedule.trim());
  if (!interval) return /^\S+( \S+){4}$/.test(schedule.trim()) ? schedule.trim() : undefined;
  const count = Number(interval[1]);
  if (interval[2] === "hour") return 24 % count === 0 ? `0 */${count} * * *` : undefined;
  return 60 % count === 0 ? `*/${count} * * * *` : undefined;
}

/** Calls one scheduled function, as Cloud Scheduler does. */
export async function fire(
  stack: Pick<Stack, "functionsOrigin" | "projectId">,
  job: ScheduledFunction,
  scheduledAt: Date,
): Promise<void> {
  const url = `${stack.functionsOrigin}/functions/projects/${stack.projectId}/triggers/${job.id}-0`;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CloudScheduler-JobName": `firebase-schedule-${job.name}`,
      "X-CloudScheduler-ScheduleTime": scheduledAt.toISOString(),
    },
    body: "{}",
  });
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
}

/**
 * Fires scheduled functions on time, which the emulators do not do.
 *
 * @param report receives what fires and what fails
 * @returns a function that reads the schedules; call it at the start and whenever functions have been reloaded
 */
export function startScheduler(stack: Stack, report: (line: string) => void): () => Promise<void> {
  let jobs: Cron[] = [];
  const clear = () => {
    for (const job of jobs) job.stop();
    jobs = [];
  };
  whenStopping(async () => clear());

  const schedule = (job: ScheduledFunction) => {
    const cron = cronOf(job.schedule);
    if (!cron) {
      report(
        `${job.name} does not fire here: "${job.schedule}" is neither a cron expression nor an interval that divides an hour or a day.`,
      );
      return;
    }
    const task = async (self: Cron) => {
      report(`${job.name} fires (${job.schedule})`);
      await fire(stack, job, self.currentRun() ?? new Date()).catch((error: unknown) => {
        report(`${job.name} failed: ${messageOf(error)}`);
      });
    };
    jobs.push(new Cron(cron, { timezone: job.timeZone }, task));
  };
  return async () => {
    const found = await scheduledFunctions(stack);
    clear();
    for (const job of found) schedule(job);
  };
}
